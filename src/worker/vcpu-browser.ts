/** Entry point of a vCPU worker in a browser: a module worker. */
import { runVcpu, type VcpuStart } from "./vcpu";

self.onmessage = (message: MessageEvent<VcpuStart>) => {
  runVcpu(message.data, (code, a, b) =>
    console.debug(`trace ${code} ${a.toString(16)} ${b.toString(16)}`),
  );
  self.close();
};
