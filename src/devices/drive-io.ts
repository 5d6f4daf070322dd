/**
 * The requests of one drive to its disk backend, counted: a reset may only be reported as over when
 * none is under way any more, because each still writes to or reads from guest RAM.
 */
import type { DiskBackend, DiskDone, Segments } from "../block/backend";

export class DriveIo {
  private active = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly backend: DiskBackend) {}

  get isIdle(): boolean {
    return this.active === 0;
  }

  read(node: number, offset: number, segments: Segments, done: DiskDone): void {
    this.backend.read(node, offset, segments, this.counted(done));
  }

  write(node: number, offset: number, segments: Segments, done: DiskDone): void {
    this.backend.write(node, offset, segments, this.counted(done));
  }

  flush(node: number, done: DiskDone): void {
    this.backend.flush(node, this.counted(done));
  }

  discard(node: number, offset: number, len: number, done: DiskDone): void {
    this.backend.discard(node, offset, len, this.counted(done));
  }

  /** Calls `action` as soon as nothing is under way: at once if that is now. */
  whenIdle(action: () => void): void {
    if (this.isIdle) action();
    else this.waiting.push(action);
  }

  private counted(done: DiskDone): DiskDone {
    this.active++;
    return (error) => {
      this.active--;
      done(error);
      if (!this.isIdle) return;
      const ready = this.waiting;
      this.waiting = [];
      for (const action of ready) action();
    };
  }
}
