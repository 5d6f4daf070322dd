/**
 * AddressMap of the device worker: finds the handler of an access, splits accesses wider than the
 * handler decodes, and publishes in shared memory what the vCPUs need to know without asking
 * (PORT_CLASS, PORT_SHADOW, the region table).
 *
 * Fixed chips win over what the guest places (BARs); among the latter the earlier one wins. Removing a
 * registration uncovers what it hid.
 */

import { log } from "../base/log";
import {
  PORT_CLASS,
  PORT_CLASS_CORE,
  PORT_CLASS_NONE,
  PORT_CLASS_POSTED,
  PORT_CLASS_SHADOW,
  PORT_CLASS_SYNC,
  PORT_SHADOW,
} from "../shared/layout";
import type { SharedMemory } from "../shared/shared-memory";
import type { AccessSize, AddressMap, IoHandler, IoOptions, Registration } from "./address-map";
import type { PhysicalMap, Region } from "./physical-map";

interface Range {
  base: number;
  end: number;
  handler: IoHandler | undefined; // undefined: answered inside the core
  width: AccessSize;
  posted: boolean;
  isGuestPlaced: boolean;
}

export class IoMap implements AddressMap {
  private portRanges: Range[] = [];
  private regions: Range[] = [];
  /** Resolved owner of each port. */
  private readonly portOwner: (Range | undefined)[] = new Array(0x1_0000).fill(undefined);
  private readonly isShadowed = new Uint8Array(0x1_0000);

  constructor(
    private readonly memory: SharedMemory,
    private readonly physical: PhysicalMap,
  ) {}

  ports(base: number, count: number, handler: IoHandler, options: IoOptions = {}): Registration {
    return this.addPorts({ ...rangeOf(base, count, handler, options, 1) });
  }

  /** Ports that the core answers by itself (irqchip, port 80h). */
  corePorts(base: number, count: number): Registration {
    return this.addPorts({ ...rangeOf(base, count, undefined, {}, 4) });
  }

  mmio(base: number, len: number, handler: IoHandler, options: IoOptions = {}): Registration {
    const range = rangeOf(base, len, handler, options, 4);
    this.regions = inPriority([...this.regions, range]);
    this.publishRegions();
    return {
      remove: () => {
        this.regions = this.regions.filter((other) => other !== range);
        this.publishRegions();
      },
    };
  }

  publishPort(port: number, value: number): void {
    this.memory.bytes[PORT_SHADOW + port] = value;
    if (this.isShadowed[port]) return;
    this.isShadowed[port] = 1;
    this.resolve(port);
  }

  portRead(port: number, size: AccessSize): number {
    const range = this.portOwner[port];
    if (range?.handler && size <= range.width && port + size <= range.end) {
      return range.handler.read(port - range.base, size) >>> 0;
    }
    if (size === 1) return 0xff;
    const half = size === 4 ? 2 : 1;
    const low = this.portRead(port, half);
    return (low | (this.portRead((port + half) & 0xffff, half) << (8 * half))) >>> 0;
  }

  portWrite(port: number, size: AccessSize, value: number): void {
    const range = this.portOwner[port];
    if (range?.handler && size <= range.width && port + size <= range.end) {
      range.handler.write(port - range.base, size, value >>> 0);
      return;
    }
    if (size === 1) return;
    const half = size === 4 ? 2 : 1;
    this.portWrite(port, half, value & (half === 2 ? 0xffff : 0xff));
    this.portWrite((port + half) & 0xffff, half, value >>> (8 * half));
  }

  mmioRead(gpa: number, size: AccessSize): number {
    const range = this.regionAt(gpa);
    if (range?.handler && size <= range.width && gpa + size <= range.end) {
      return range.handler.read(gpa - range.base, size) >>> 0;
    }
    if (size === 1) return 0xff;
    const half = size === 4 ? 2 : 1;
    return (this.mmioRead(gpa, half) | (this.mmioRead(gpa + half, half) << (8 * half))) >>> 0;
  }

  mmioWrite(gpa: number, size: AccessSize, value: number): void {
    const range = this.regionAt(gpa);
    if (range?.handler && size <= range.width && gpa + size <= range.end) {
      range.handler.write(gpa - range.base, size, value >>> 0);
      return;
    }
    if (size === 1) return;
    const half = size === 4 ? 2 : 1;
    this.mmioWrite(gpa, half, value & (half === 2 ? 0xffff : 0xff));
    this.mmioWrite(gpa + half, half, value >>> (8 * half));
  }

  private regionAt(gpa: number): Range | undefined {
    return this.regions.find((range) => gpa >= range.base && gpa < range.end);
  }

  private addPorts(range: Range): Registration {
    if (!range.isGuestPlaced) {
      const clash = this.portRanges.find(
        (other) => !other.isGuestPlaced && other.base < range.end && range.base < other.end,
      );
      if (clash)
        throw new Error(`Ports ${range.base.toString(16)} and ${clash.base.toString(16)} overlap`);
    }
    this.portRanges = inPriority([...this.portRanges, range]);
    this.resolveAll(range);
    return {
      remove: () => {
        this.portRanges = this.portRanges.filter((other) => other !== range);
        this.resolveAll(range);
      },
    };
  }

  private resolveAll(range: Range): void {
    for (let port = range.base; port < range.end; port++) this.resolve(port);
  }

  private resolve(port: number): void {
    const owner = this.portRanges.find((range) => port >= range.base && port < range.end);
    this.portOwner[port] = owner;
    this.memory.bytes[PORT_CLASS + port] = this.classOf(owner, port);
  }

  private classOf(owner: Range | undefined, port: number): number {
    if (!owner) return PORT_CLASS_NONE;
    if (!owner.handler) return PORT_CLASS_CORE;
    if (!owner.posted) return PORT_CLASS_SYNC;
    return this.isShadowed[port] ? PORT_CLASS_SHADOW : PORT_CLASS_POSTED;
  }

  private publishRegions(): void {
    const table: Region[] = this.regions.map(({ base, end, posted }) => ({ base, end, posted }));
    if (!this.physical.setRegions(table)) {
      log.guest("too many device regions", "some BARs do not answer");
    }
  }
}

function rangeOf(
  base: number,
  len: number,
  handler: IoHandler | undefined,
  options: IoOptions,
  width: AccessSize,
): Range {
  return {
    base,
    end: base + len,
    handler,
    width: options.width ?? width,
    posted: options.posted ?? false,
    isGuestPlaced: options.isGuestPlaced ?? false,
  };
}

/** Fixed ranges first; otherwise in the order of registration. */
function inPriority(ranges: Range[]): Range[] {
  return [
    ...ranges.filter((range) => !range.isGuestPlaced),
    ...ranges.filter((range) => range.isGuestPlaced),
  ];
}
