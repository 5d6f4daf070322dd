/**
 * The npm entry: a PC as an object. Configurations are typed (MachineConfig) or read from the words
 * of a QEMU command line or of a URL. The page that uses it must be cross-origin isolated
 * (`hostProblem()` says in a sentence what is missing).
 */
export type { DiskCounters } from "./block/disk-ring";
export type { IsoReport } from "./block/iso9660";
export { CanvasScreen } from "./display/canvas";
export { type DriveConfig, defaultConfig, type MachineConfig } from "./machine/config";
export { ConfigError } from "./machine/keyval";
export type { Stopped } from "./machine/lifecycle";
export { parseArguments, parseQuery, printArguments, printQuery } from "./machine/options";
export type { Phase } from "./machine/phase";
export { hostProblem } from "./ui/host-check";
export {
  createMachine,
  Machine,
  type MachineEvents,
  type MachineState,
  type Pixels,
  Screen,
} from "./ui/machine";
export { type Progress, ResourceError, type Resources } from "./ui/resources";
