/** Entry point of the device worker in a browser: a module worker. */
import type { DeviceToHost, HostToDevice } from "../machine/messages";
import { type DeviceStart, DeviceWorker } from "./device";

const failed = (error: Error) => post({ type: "failed", message: error.message });
const post = (message: DeviceToHost) => self.postMessage(message);

self.onmessage = (first: MessageEvent<DeviceStart>) => {
  try {
    const worker = new DeviceWorker(first.data, post, (code, a, b) =>
      post({ type: "log", line: `trace ${code} ${a.toString(16)} ${b.toString(16)}` }),
    );
    self.onmessage = (message: MessageEvent<HostToDevice>) => worker.receive(message.data);
    worker.run().catch(failed);
  } catch (error) {
    failed(error as Error);
  }
};
