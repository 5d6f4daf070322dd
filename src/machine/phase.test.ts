import { expect, test } from "vitest";
import { Cpu, CR0_PG, VCPU, VCPU_STRIDE } from "../shared/layout";
import { sharedMemory } from "../shared/shared-memory";
import { PhaseTracker } from "./phase";

const memory = sharedMemory(new SharedArrayBuffer(VCPU + VCPU_STRIDE));
const set = (field: number, value: number) => {
  memory.u32[(VCPU + field) >> 2] = value;
};

test("a machine goes from firmware to programs, and reset takes it back", () => {
  const tracker = new PhaseTracker(memory, false);
  set(Cpu.cr0, CR0_PG);
  expect(tracker.sample()).toBe("firmware");
  set(Cpu.cr0, 0);
  tracker.firmwareSays("Booting from DVD/CD...\nBooting fro");
  expect(tracker.sample()).toBe("firmware");
  tracker.firmwareSays("m 0000:7c00\n");
  expect(tracker.sample()).toBe("boot loader");
  set(Cpu.cr0, CR0_PG);
  expect(tracker.sample()).toBe("kernel");
  set(Cpu.hasRunUser, 1);
  expect(tracker.sample()).toBe("running");
  tracker.reset();
  expect(tracker.sample()).toBe("firmware");
});

test("a firmware that gives up is told from one that still looks", () => {
  set(Cpu.cr0, 0);
  const tracker = new PhaseTracker(memory, false);
  tracker.firmwareSays("Booting from Hard Disk...\nBoot failed: not a bootable disk\n\n");
  expect(tracker.isStuck).toBe(false);
  tracker.firmwareSays("No bootable device.\n");
  expect(tracker.isStuck).toBe(true);
});

test("a kernel that is started directly has no firmware before it", () => {
  expect(new PhaseTracker(memory, true).phase).toBe("kernel");
});
