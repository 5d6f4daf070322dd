/**
 * The two 8237A DMA controllers and their page registers, register level only: ports 00h-0Fh, C0h-DFh
 * (every second port) and 80h's neighbours. Drivers that probe or program a channel read back what they
 * wrote; no transfer ever happens, because nothing on this board requests one (no floppy, no ISA sound).
 * The mask register starts with all channels masked, the status register says "nothing reached terminal
 * count". Port 80h is left to the core (POST codes), so the unused page register there does not exist.
 */
import type { AddressMap } from "../memory/address-map";

/** Control registers, after the eight channel registers (8 is command and status, 9 request). */
const REG_SINGLE_MASK = 10;
const REG_MODE = 11;
const REG_CLEAR_FLIP_FLOP = 12;
const REG_MASTER_CLEAR = 13;
const REG_CLEAR_MASK = 14;
const REG_WRITE_MASK = 15;

class Controller {
  /** Address and count of four channels, 16 bits each; writes set base and current alike. */
  private readonly words = new Uint16Array(8);
  private readonly modes = new Uint8Array(4);
  private isHighByte = false;
  private mask = 15;

  reset(): void {
    this.words.fill(0);
    this.modes.fill(0);
    this.masterClear();
  }

  read(register: number): number {
    if (register < 8) {
      const word = this.words[register];
      const isHigh = this.isHighByte;
      this.isHighByte = !isHigh;
      return isHigh ? word >> 8 : word & 0xff;
    }
    if (register === REG_WRITE_MASK) return this.mask | 0xf0;
    return 0; // status: no requests, no terminal counts; the temporary register
  }

  write(register: number, value: number): void {
    if (register < 8) {
      const word = this.words[register];
      this.words[register] = this.isHighByte
        ? (word & 0x00ff) | (value << 8)
        : (word & 0xff00) | value;
      this.isHighByte = !this.isHighByte;
      return;
    }
    this.control(register, value);
  }

  private control(register: number, value: number): void {
    const channel = value & 3;
    switch (register) {
      case REG_SINGLE_MASK:
        this.mask = value & 4 ? this.mask | (1 << channel) : this.mask & ~(1 << channel);
        return;
      case REG_MODE:
        this.modes[channel] = value;
        return;
      case REG_CLEAR_FLIP_FLOP:
        this.isHighByte = false;
        return;
      case REG_MASTER_CLEAR:
        this.masterClear();
        return;
      case REG_CLEAR_MASK:
        this.mask = 0;
        return;
      case REG_WRITE_MASK:
        this.mask = value & 15;
        return;
      default: // command and request registers: nothing here starts a transfer
    }
  }

  private masterClear(): void {
    this.isHighByte = false;
    this.mask = 15;
  }
}

export class Dma8237 {
  private readonly low = new Controller();
  private readonly high = new Controller();
  private readonly pages = new Uint8Array(15);

  constructor(map: AddressMap) {
    map.ports(0x00, 16, {
      read: (offset) => this.low.read(offset),
      write: (offset, _size, value) => this.low.write(offset, value),
    });
    map.ports(0xc0, 32, {
      read: (offset) => this.high.read(offset >> 1),
      write: (offset, _size, value) => this.high.write(offset >> 1, value),
    });
    map.ports(0x81, 15, {
      read: (offset) => this.pages[offset],
      write: (offset, _size, value) => {
        this.pages[offset] = value;
      },
    });
  }

  reset(): void {
    this.low.reset();
    this.high.reset();
    this.pages.fill(0);
  }
}
