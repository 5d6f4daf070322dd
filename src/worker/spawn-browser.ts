/** Makes workers in a browser, for machine/lifecycle.ts. */
import type { WorkerHost } from "../machine/lifecycle";

// Each URL is written out, because that is what the bundler recognises as a worker.
const MAKERS = {
  vcpu: () =>
    new Worker(new URL("./vcpu-browser.ts", import.meta.url), { type: "module", name: "vcpu" }),
  device: () =>
    new Worker(new URL("./device-browser.ts", import.meta.url), { type: "module", name: "device" }),
  disk: () =>
    new Worker(new URL("./disk-browser.ts", import.meta.url), { type: "module", name: "disk" }),
};

export const browserWorkers: WorkerHost = {
  spawn(kind, onMessage, onError) {
    const worker = MAKERS[kind]();
    worker.onmessage = (event) => onMessage(event.data);
    worker.onerror = (event) => onError(new Error(event.message || "it could not be loaded"));
    worker.onmessageerror = () => onError(new Error("a message could not be read"));
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      terminate: () => worker.terminate(),
    };
  },
};
