/** Entry point of the disk worker in a browser: a module worker. */
import type { DiskCommand } from "../block/disk-messages";
import { DiskWorker } from "./disk";

const worker = new DiskWorker({}, (event) => self.postMessage(event));

self.onmessage = (message: MessageEvent<DiskCommand>) => {
  const command = message.data;
  if (command.type === "start")
    command.requests.onmessage = (request) => worker.request(request.data);
  worker.command(command);
};
