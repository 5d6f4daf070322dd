/**
 * fw_cfg: how the board tells firmware about itself. Follows QEMU's "QEMU Firmware Configuration
 * (fw_cfg) Device" specification (docs/specs/fw_cfg), version with DMA.
 *
 *   510h/2 w  selector (little endian)       511h/1 r  next byte of the selected item
 *   514h/4    DMA address, high half, big endian; reads "QEMU"
 *   518h/4    DMA address, low half, big endian; the write starts the transfer; reads " CFG"
 *
 * A DMA control block in RAM holds, big endian: u32 control, u32 length, u64 address. The device clears
 * control when it is done, or leaves only ERROR in it. Reads past the end of an item give zeroes, as
 * specified; writes past it are an error. Files get selectors from 20h in the order of their names, as
 * QEMU's current machine types do, and the directory is made when it is selected: files may be added
 * until the guest looks.
 * Not modelled: writing through the data port (QEMU removed it in 2.4), memory-mapped registers (ARM).
 */
import type { AddressMap } from "../memory/address-map";
import type { GuestMemory } from "../memory/guest-memory";

export const FW_CFG_SIGNATURE = 0x00;
export const FW_CFG_ID = 0x01;
export const FW_CFG_UUID = 0x02;
export const FW_CFG_RAM_SIZE = 0x03;
export const FW_CFG_NOGRAPHIC = 0x04;
export const FW_CFG_NB_CPUS = 0x05;
export const FW_CFG_MACHINE_ID = 0x06;
export const FW_CFG_KERNEL_ADDR = 0x07;
export const FW_CFG_KERNEL_SIZE = 0x08;
export const FW_CFG_KERNEL_CMDLINE = 0x09;
export const FW_CFG_INITRD_ADDR = 0x0a;
export const FW_CFG_INITRD_SIZE = 0x0b;
export const FW_CFG_BOOT_DEVICE = 0x0c;
export const FW_CFG_NUMA = 0x0d;
export const FW_CFG_BOOT_MENU = 0x0e;
export const FW_CFG_MAX_CPUS = 0x0f;
export const FW_CFG_KERNEL_ENTRY = 0x10;
export const FW_CFG_KERNEL_DATA = 0x11;
export const FW_CFG_INITRD_DATA = 0x12;
export const FW_CFG_CMDLINE_ADDR = 0x13;
export const FW_CFG_CMDLINE_SIZE = 0x14;
export const FW_CFG_CMDLINE_DATA = 0x15;
export const FW_CFG_SETUP_ADDR = 0x16;
export const FW_CFG_SETUP_SIZE = 0x17;
export const FW_CFG_SETUP_DATA = 0x18;
export const FW_CFG_FILE_DIR = 0x19;
export const FW_CFG_FILE_FIRST = 0x20;
export const FW_CFG_ARCH_LOCAL = 0x8000;

const FW_CFG_INVALID = 0xffff;
const ID_TRADITIONAL = 0x01;
const ID_DMA = 0x02;

const DMA_CTL_ERROR = 0x01;
const DMA_CTL_READ = 0x02;
const DMA_CTL_SKIP = 0x04;
const DMA_CTL_SELECT = 0x08;
const DMA_CTL_WRITE = 0x10;

const FILE_NAME_SIZE = 56;
const FILE_ENTRY_SIZE = 4 + 2 + 2 + FILE_NAME_SIZE;
/** Bytes copied per step, so that a length of 4 GiB costs no 4 GiB buffer. */
const CHUNK = 65_536;

/** Bytes, or a function that makes them each time the guest selects the item. */
export type FwCfgContent = Uint8Array | (() => Uint8Array);

export interface FwCfgItem {
  content: FwCfgContent;
  /** The guest may write: called after each DMA write with the whole item. */
  onWrite?: (data: Uint8Array, offset: number, len: number) => void;
}

export interface FwCfgOptions {
  map: AddressMap;
  memory: GuestMemory;
}

export class FwCfg {
  private readonly items = new Map<number, FwCfgItem>();
  private readonly files = new Map<string, FwCfgItem>();
  private selected: FwCfgItem | undefined;
  private data: Uint8Array = new Uint8Array(0);
  private cursor = 0;
  private dmaHigh = 0;
  /** Selector -> file, fixed when the directory or a file is first selected after a change. */
  private fileOrder: string[] | undefined;

  constructor(private readonly options: FwCfgOptions) {
    this.setItem(FW_CFG_SIGNATURE, new TextEncoder().encode("QEMU"));
    this.setItem(FW_CFG_ID, u32(ID_TRADITIONAL | ID_DMA));
    this.setItem(FW_CFG_FILE_DIR, () => this.directory());
    options.map.ports(
      0x510,
      2,
      {
        read: (offset) => (offset === 1 ? this.readByte() : 0xff),
        write: (offset, size, value) => {
          if (offset === 0 && size === 2) this.select(value);
        },
      },
      { width: 2 },
    );
    options.map.ports(
      0x514,
      8,
      {
        read: (offset, size) => this.readDmaPort(offset, size),
        write: (offset, size, value) => this.writeDmaPort(offset, size, value),
      },
      { width: 4 },
    );
  }

  reset(): void {
    this.select(FW_CFG_INVALID);
    this.dmaHigh = 0;
  }

  /** An item with a fixed selector. */
  setItem(key: number, content: FwCfgContent): void {
    this.items.set(key, { content });
  }

  setU16(key: number, value: number): void {
    this.setItem(key, new Uint8Array([value & 0xff, value >> 8]));
  }

  setU32(key: number, value: number): void {
    this.setItem(key, u32(value));
  }

  /** A named file; a second call with the same name replaces it. */
  setFile(name: string, content: FwCfgContent, onWrite?: FwCfgItem["onWrite"]): void {
    const bytes = new TextEncoder().encode(name).length;
    if (bytes === 0 || bytes >= FILE_NAME_SIZE) throw new Error(`fw_cfg file name "${name}"`);
    this.files.set(name, { content, onWrite });
    this.fileOrder = undefined;
  }

  /** The present bytes of a file, also after the guest wrote to it. */
  file(name: string): Uint8Array | undefined {
    const item = this.files.get(name);
    return item && bytesOf(item);
  }

  private order(): string[] {
    this.fileOrder ??= [...this.files.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return this.fileOrder;
  }

  private directory(): Uint8Array {
    const names = this.order();
    const bytes = new Uint8Array(4 + names.length * FILE_ENTRY_SIZE);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, names.length);
    names.forEach((name, index) => {
      const at = 4 + index * FILE_ENTRY_SIZE;
      const item = this.files.get(name);
      view.setUint32(at, item ? bytesOf(item).length : 0);
      view.setUint16(at + 4, FW_CFG_FILE_FIRST + index);
      bytes.set(new TextEncoder().encode(name), at + 8);
    });
    return bytes;
  }

  private select(key: number): void {
    // Bit 14 asks for write access to an item in the old interface; bit 15 is part of the name.
    const name = key & ~0x4000;
    const file = this.order()[name - FW_CFG_FILE_FIRST];
    this.selected = file === undefined ? this.items.get(name) : this.files.get(file);
    this.data = this.selected ? bytesOf(this.selected) : new Uint8Array(0);
    this.cursor = 0;
  }

  private readByte(): number {
    return this.cursor < this.data.length ? this.data[this.cursor++] : 0;
  }

  private readDmaPort(offset: number, size: number): number {
    const signature = "QEMU CFG";
    let value = 0;
    for (let i = 0; i < size; i++) value += signature.charCodeAt((offset + i) & 7) * 256 ** i;
    return value;
  }

  private writeDmaPort(offset: number, size: number, value: number): void {
    if (size !== 4) return;
    const half = swap32(value);
    if (offset === 0) {
      this.dmaHigh = half;
    } else if (offset === 4) {
      const gpa = this.dmaHigh * 2 ** 32 + half;
      this.dmaHigh = 0;
      this.dma(gpa);
    }
  }

  /** Carries out the control block at `gpa`. A block outside RAM has nobody to report to. */
  private dma(gpa: number): void {
    const { memory } = this.options;
    const block = new Uint8Array(16);
    if (!memory.read(gpa, block)) {
      this.reportDma(gpa, DMA_CTL_ERROR);
      return;
    }
    const view = new DataView(block.buffer);
    const control = view.getUint32(0);
    const len = view.getUint32(4);
    const address = view.getUint32(8) * 2 ** 32 + view.getUint32(12);
    if (control & DMA_CTL_SELECT) this.select(control >>> 16);
    let isDone = true;
    if (control & DMA_CTL_READ) isDone = this.dmaRead(address, len);
    else if (control & DMA_CTL_WRITE) isDone = this.dmaWrite(address, len);
    else if (control & DMA_CTL_SKIP) this.cursor = Math.min(this.data.length, this.cursor + len);
    this.reportDma(gpa, isDone ? 0 : DMA_CTL_ERROR);
  }

  private reportDma(gpa: number, status: number): void {
    this.options.memory.write32(gpa, swap32(status));
  }

  private dmaRead(address: number, len: number): boolean {
    const zeroes = new Uint8Array(Math.min(len, CHUNK));
    for (let done = 0; done < len; ) {
      const left = this.data.length - this.cursor;
      const step = Math.min(len - done, CHUNK, left > 0 ? left : CHUNK);
      const from =
        left > 0 ? this.data.subarray(this.cursor, this.cursor + step) : zeroes.subarray(0, step);
      if (!this.options.memory.write(address + done, from)) return false;
      if (left > 0) this.cursor += step;
      done += step;
    }
    return true;
  }

  private dmaWrite(address: number, len: number): boolean {
    const item = this.selected;
    if (!item?.onWrite || this.cursor + len > this.data.length) return false;
    const incoming = new Uint8Array(len);
    if (!this.options.memory.read(address, incoming)) return false;
    const at = this.cursor;
    this.data.set(incoming, at);
    this.cursor += len;
    item.onWrite(this.data, at, len);
    return true;
  }
}

function bytesOf(item: FwCfgItem): Uint8Array {
  return typeof item.content === "function" ? item.content() : item.content;
}

function u32(value: number): Uint8Array {
  return new Uint8Array([value, value >> 8, value >> 16, value >> 24]);
}

function swap32(value: number): number {
  const swapped =
    ((value & 0xff) << 24) |
    ((value & 0xff00) << 8) |
    ((value >>> 8) & 0xff00) |
    ((value >>> 24) & 0xff);
  return swapped >>> 0;
}
