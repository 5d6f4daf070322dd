/**
 * The disk worker: owns the block graph, so that slow storage never holds up a device. An ordinary
 * event loop: requests arrive as messages from the device worker, run concurrently, move their bytes
 * straight between the node and shared memory, and complete through the ring (src/block/disk-ring.ts).
 * The same code in a browser worker and under Node; what differs comes in as `host` and `port`
 * (src/worker/disk-browser.ts, src/cli/disk-worker.ts).
 *
 * A flush waits for the writes of its node that arrived before it, so it is a barrier even for a device
 * that sends both at once.
 */
import { DISK_FLUSH, DISK_READ, DISK_WRITE, diskInfo, runRequest } from "../block/backend";
import type { DiskCommand, DiskEvent, DiskRequestMessage } from "../block/disk-messages";
import { DiskRing } from "../block/disk-ring";
import { type BlockError, errorStatus, toBlockError } from "../block/error";
import { isIso } from "../block/iso9660";
import type { BlockNode } from "../block/node";
import { type BlockHost, openDisk } from "../block/open";

interface OpenNode {
  node: BlockNode;
  /** Requests under way: closing waits for all, a flush for the writes. */
  active: Set<Promise<void>>;
  writes: Set<Promise<void>>;
  /** The last failure told to the host. */
  reported: string | undefined;
}

export class DiskWorker {
  private readonly host: BlockHost;
  private readonly post: (event: DiskEvent) => void;
  private readonly nodes = new Map<number, OpenNode>();
  private ring: DiskRing | undefined;
  private memory: Uint8Array = new Uint8Array(0);

  constructor(host: BlockHost, post: (event: DiskEvent) => void) {
    this.host = host;
    this.post = post;
  }

  /** A message of the host. The caller listens on the port of a "start" and passes it to `request`. */
  async command(command: DiskCommand): Promise<void> {
    switch (command.type) {
      case "start":
        this.ring = new DiskRing(command.buffer, command.ring, command.doorbell);
        this.memory = new Uint8Array(command.buffer);
        return;
      case "open":
        return this.open(command);
      case "close":
        await this.close(command.node);
        this.post({ type: "closed", node: command.node });
    }
  }

  /** A request of the device worker. */
  request(message: DiskRequestMessage): void {
    const open = this.nodes.get(message.node);
    if (!open) {
      this.ring?.push(message.id, errorStatus("closed"));
      return;
    }
    const run = this.run(open, message);
    open.active.add(run);
    if (message.op === DISK_WRITE) open.writes.add(run);
    run.then(() => {
      open.active.delete(run);
      open.writes.delete(run);
    });
  }

  private async run(open: OpenNode, message: DiskRequestMessage): Promise<void> {
    let status = 0;
    try {
      if (message.op === DISK_FLUSH) await Promise.all(open.writes);
      await runRequest(open.node, message, this.memory);
      open.reported = undefined;
      this.count(message);
    } catch (reason) {
      const error = toBlockError(reason, open.node.name);
      status = errorStatus(error.code);
      this.report(open, message.node, error);
    }
    this.ring?.push(message.id, status);
  }

  private count(message: DiskRequestMessage): void {
    if (message.op !== DISK_READ && message.op !== DISK_WRITE) return;
    let bytes = 0;
    for (let i = 1; i < message.segments.length; i += 2) bytes += message.segments[i];
    this.ring?.count(message.op === DISK_WRITE, bytes);
  }

  private report(open: OpenNode, node: number, error: BlockError): void {
    if (open.reported === error.code) return;
    open.reported = error.code;
    this.post({ type: "error", node, code: error.code, message: error.message });
  }

  private async open(command: DiskCommand & { type: "open" }): Promise<void> {
    const number = command.node;
    await this.close(number);
    try {
      const onProgress = (loaded: number, total: number) =>
        this.post({ type: "progress", node: number, loaded, total });
      const node = await openDisk(command.spec, { ...this.host, onProgress });
      const iso = command.probeIso ? await isIso(node) : undefined;
      this.nodes.set(number, { node, active: new Set(), writes: new Set(), reported: undefined });
      this.post({
        type: "opened",
        node: number,
        name: node.name,
        info: diskInfo(number, node),
        iso,
      });
    } catch (reason) {
      const error = toBlockError(reason, "disk");
      this.post({ type: "failed", node: number, code: error.code, message: error.message });
    }
  }

  private async close(number: number): Promise<void> {
    const open = this.nodes.get(number);
    if (!open) return;
    this.nodes.delete(number);
    await Promise.all(open.active);
    try {
      await open.node.flush();
      await open.node.close();
    } catch (reason) {
      this.report(open, number, toBlockError(reason, open.node.name));
    }
  }
}
