/**
 * What a device has to say about its guest, once per kind: a driver that does something wrong does it
 * a million times. Host failures are not logged here; they throw.
 */
export type LogSink = (line: string) => void;

let sink: LogSink = () => {};
const said = new Set<string>();

/** Where lines go; each thread sets its own. */
export function setLogSink(to: LogSink): void {
  sink = to;
  said.clear();
}

export const log = {
  /** The guest did something a real machine would not like. `kind` is said once. */
  guest(kind: string, detail = ""): void {
    if (said.has(kind)) return;
    said.add(kind);
    sink(detail ? `${kind}: ${detail}` : kind);
  },
  /** Something the person running the machine should know. */
  note(line: string): void {
    sink(line);
  },
};
