/** Entry point of the disk worker under Node (worker_threads). */
import { parentPort } from "node:worker_threads";
import type { DiskCommand, DiskRequestMessage } from "../block/disk-messages";
import { DiskWorker } from "../worker/disk";
import { openHostFile } from "./host-file";

if (!parentPort) throw new Error("disk-worker.ts runs as a worker thread");
const host = parentPort;
const worker = new DiskWorker({ openFile: openHostFile }, (event) => host.postMessage(event));

host.on("message", (command: DiskCommand) => {
  if (command.type === "start") {
    // The same MessagePort as in a browser, but for the missing DOM type.
    command.requests.onmessage = (request: { data: DiskRequestMessage }) =>
      worker.request(request.data);
  }
  worker.command(command);
});
