/**
 * What is said to and by the disk worker. Two conversations: the host (page or command line) opens and
 * closes disks and hears of trouble; the device worker sends requests over a MessagePort of its own and
 * gets completions through shared memory (disk-ring.ts).
 */
import type { DiskInfo, DiskRequest } from "./backend";
import type { BlockErrorCode } from "./error";
import type { IsoReport } from "./iso9660";
import type { DiskSpec } from "./open";

/** host -> disk worker */
export type DiskCommand =
  | {
      type: "start";
      buffer: SharedArrayBuffer;
      ring: number;
      doorbell: number;
      requests: MessagePort;
    }
  | { type: "open"; node: number; spec: DiskSpec; probeIso?: boolean }
  | { type: "close"; node: number };

/** disk worker -> host */
export type DiskEvent =
  | { type: "opened"; node: number; name: string; info: DiskInfo; iso?: IsoReport }
  | { type: "failed"; node: number; code: BlockErrorCode; message: string }
  | { type: "closed"; node: number }
  | { type: "progress"; node: number; loaded: number; total: number }
  /** A request failed while the guest ran. Said once per node and code, until a request succeeds. */
  | { type: "error"; node: number; code: BlockErrorCode; message: string };

/** device worker -> disk worker */
export interface DiskRequestMessage extends DiskRequest {
  id: number;
  node: number;
}
