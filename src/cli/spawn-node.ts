/** Makes workers under Node, for machine/lifecycle.ts: the bundles lie beside this one. */
import { type TransferListItem, Worker } from "node:worker_threads";
import type { WorkerHost } from "../machine/lifecycle";

export const nodeWorkers: WorkerHost = {
  spawn(kind, onMessage, onError) {
    const worker = new Worker(new URL(`./${kind}-worker.mjs`, import.meta.url), { name: kind });
    worker.on("message", onMessage);
    worker.on("error", onError);
    return {
      post: (message, transfer = []) =>
        worker.postMessage(message, transfer as unknown as TransferListItem[]),
      terminate: () => void worker.terminate(),
    };
  },
};
