/** Entry point of a vCPU worker under Node (worker_threads). */
import { writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { runVcpu, type VcpuStart } from "../worker/vcpu";

parentPort?.once("message", (start: VcpuStart) => {
  // Straight to the descriptor: console output of a worker waits for an event loop that never turns.
  runVcpu(start, (code, a, b) =>
    writeSync(2, `trace ${code} ${a.toString(16)} ${b.toString(16)}\n`),
  );
});
