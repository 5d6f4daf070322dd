/** Entry point of the device worker under Node (worker_threads). */
import { parentPort } from "node:worker_threads";
import type { DeviceToHost, HostToDevice } from "../machine/messages";
import { type DeviceStart, DeviceWorker } from "../worker/device";

if (!parentPort) throw new Error("device-worker.ts runs as a worker thread");
const host = parentPort;
const failed = (error: Error) => post({ type: "failed", message: error.message });
const post = (message: DeviceToHost) => host.postMessage(message);

host.once("message", (start: DeviceStart) => {
  try {
    const worker = new DeviceWorker(start, post, (code, a, b) =>
      post({ type: "log", line: `trace ${code} ${a.toString(16)} ${b.toString(16)}` }),
    );
    host.on("message", (message: HostToDevice) => worker.receive(message));
    worker.run().catch(failed);
  } catch (error) {
    failed(error as Error);
  }
});
