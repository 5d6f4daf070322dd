/**
 * What the page (or the command line) and the workers say to each other. Everything urgent goes through
 * shared memory; these are the rest. After posting to the device worker the sender counts
 * Machine.deviceMail up and rings the doorbell, because that worker sleeps in Atomics.wait and turns to
 * its event loop only for mail.
 */
import type { DiskInfo } from "../block/backend";

export type HostToDevice =
  | { type: "serial"; port: number; bytes: Uint8Array }
  | { type: "key"; evdev: number; isDown: boolean }
  | { type: "mouse-move"; dx: number; dy: number }
  | { type: "mouse-wheel"; clicks: number }
  | { type: "mouse-buttons"; buttons: number }
  | { type: "power-button" }
  | { type: "reset" }
  | { type: "disc"; drive: number; info: DiskInfo | undefined };

/** Why the machine does not run any more. */
export type StopReason = "power-off" | "reset" | "exit" | "panic";

export type DeviceToHost =
  | { type: "ready" }
  | { type: "serial"; port: number; bytes: Uint8Array }
  | { type: "debugcon"; bytes: Uint8Array }
  | { type: "was-reset" }
  /** S3 is over. */
  | { type: "was-woken" }
  | { type: "stopped"; reason: StopReason; status: number }
  | { type: "leds"; leds: number }
  /** The guest turned the reports of its mouse on or off. */
  | { type: "mouse"; isWanted: boolean }
  | { type: "log"; line: string }
  | { type: "failed"; message: string };
