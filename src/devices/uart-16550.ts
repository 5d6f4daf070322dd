/**
 * Serial port: National Semiconductor PC16550D (data sheet, section 8). COM1 3F8h/IRQ 4, COM2 2F8h/3,
 * COM3 3E8h/4, COM4 2E8h/3.
 *
 *   +0 RBR/THR (DLAB: DLL)  +1 IER (DLM)  +2 IIR/FCR  +3 LCR  +4 MCR  +5 LSR  +6 MSR  +7 SCR
 *
 * The transmitter is infinitely fast: a byte leaves as it is written, so THRE and TEMT are always 1 and
 * writes to THR are posted: a guest that prints never waits. For the same reason LSR is published in the
 * port shadow. Reading it therefore does not reach this device, while the manual says that reading LSR
 * clears OE and BI: here they clear with the next read of RBR or IIR instead. The host offers bytes
 * with `receive`, which takes what fits its queue; bytes move on into the 16-byte FIFO as the guest
 * empties it, so nothing overruns except in loopback.
 * The baud rate matters for the character time-out only. Not modelled: parity and framing errors, the
 * DMA modes of FCR bit 3, 16750 extensions.
 */
import type { Clock, Timer } from "../base/clock";
import type { IrqLine } from "../irq/line";
import type { AddressMap } from "../memory/address-map";

const IER_ERBFI = 0x01;
const IER_ETBEI = 0x02;
const IER_ELSI = 0x04;
const IER_EDSSI = 0x08;

const IIR_NONE = 0x01;
const IIR_MODEM = 0x00;
const IIR_THRE = 0x02;
const IIR_DATA = 0x04;
const IIR_LINE = 0x06;
const IIR_TIMEOUT = 0x0c;
const IIR_FIFOS = 0xc0;

const FCR_ENABLE = 0x01;
const FCR_CLEAR_RX = 0x02;
const FCR_CLEAR_TX = 0x04;

const LCR_BREAK = 0x40;
const LCR_DLAB = 0x80;

const MCR_DTR = 0x01;
const MCR_RTS = 0x02;
const MCR_OUT1 = 0x04;
const MCR_OUT2 = 0x08;
const MCR_LOOP = 0x10;

const LSR_DR = 0x01;
const LSR_OE = 0x02;
const LSR_BI = 0x10;
const LSR_THRE = 0x20;
const LSR_TEMT = 0x40;

const MSR_DCTS = 0x01;
const MSR_DDSR = 0x02;
const MSR_TERI = 0x04;
const MSR_DDCD = 0x08;
const MSR_CTS = 0x10;
const MSR_DSR = 0x20;
const MSR_RI = 0x40;
const MSR_DCD = 0x80;

const FIFO_SIZE = 16;
const TRIGGER_LEVELS = [1, 4, 8, 14];
const CRYSTAL_HZ = 1_843_200;
/** Bytes the host may have waiting in front of the FIFO. */
const QUEUE_SIZE = 65_536;

export interface UartOptions {
  map: AddressMap;
  base: number;
  irq: IrqLine;
  clock: Clock;
  /** One byte sent by the guest. */
  onTransmit: (byte: number) => void;
  /** DTR and RTS as the guest drives them. */
  onModemControl?: (hasDtr: boolean, hasRts: boolean) => void;
  /** The receive queue has room again after `receive` refused bytes. */
  onDrain?: () => void;
  /** Whether a terminal is there: carrier, data set ready, clear to send. Default true. */
  isConnected?: boolean;
}

export class Uart16550 {
  private ier = 0;
  private fcr = 0;
  private lcr = 0;
  private mcr = 0;
  private msrDelta = 0;
  private lineInputs: number;
  private scr = 0;
  private divisor = 0;
  private errors = 0;
  private isThrePending = false;
  private isTimedOut = false;
  private fifo: number[] = [];
  private queue: number[] = [];
  private queueHead = 0;
  private wasFull = false;
  private timer: Timer | undefined;

  constructor(private readonly options: UartOptions) {
    const { map, base } = options;
    this.lineInputs = options.isConnected === false ? 0 : MSR_CTS | MSR_DSR | MSR_DCD;
    const data = {
      read: () => this.readData(),
      write: (_offset: number, _size: number, value: number) => this.writeData(value),
    };
    const registers = (first: number) => ({
      read: (offset: number) => this.readRegister(first + offset),
      write: (offset: number, _size: number, value: number) =>
        this.writeRegister(first + offset, value),
    });
    map.ports(base, 1, data, { posted: true });
    map.ports(base + 1, 4, registers(1));
    map.ports(base + 5, 1, registers(5), { posted: true }); // published: see update()
    map.ports(base + 6, 2, registers(6));
    this.reset();
  }

  reset(): void {
    this.ier = this.fcr = this.lcr = this.mcr = this.errors = 0;
    this.divisor = 12; // 9600 baud; the manual leaves it undefined
    this.msrDelta = 0;
    this.isThrePending = false;
    this.clearFifo();
    this.update();
  }

  /** Offers bytes from the host; returns how many were taken. Offer the rest again after onDrain. */
  receive(bytes: Uint8Array): number {
    const room = QUEUE_SIZE - (this.queue.length - this.queueHead);
    const taken = Math.min(room, bytes.length);
    for (let i = 0; i < taken; i++) this.queue.push(bytes[i]);
    if (taken < bytes.length) this.wasFull = true;
    this.fill();
    return taken;
  }

  /** The other side sends a break: a zero byte with BI set. */
  receiveBreak(): void {
    if (this.mcr & MCR_LOOP) return;
    this.errors |= LSR_BI;
    this.push(0);
  }

  private get fifoCapacity(): number {
    return this.fcr & FCR_ENABLE ? FIFO_SIZE : 1;
  }

  private get triggerLevel(): number {
    return this.fcr & FCR_ENABLE ? TRIGGER_LEVELS[this.fcr >> 6] : 1;
  }

  /** Moves waiting bytes into the FIFO, as far as it has room. */
  private fill(): void {
    if (this.mcr & MCR_LOOP) return; // the receiver's input is disconnected
    let moved = false;
    while (this.fifo.length < this.fifoCapacity && this.queueHead < this.queue.length) {
      this.fifo.push(this.queue[this.queueHead++]);
      moved = true;
    }
    if (this.queueHead === this.queue.length || this.queueHead > 4096) {
      this.queue.splice(0, this.queueHead);
      this.queueHead = 0;
    }
    if (moved) this.armTimeout();
    this.update();
    if (this.wasFull && this.queue.length - this.queueHead < QUEUE_SIZE / 2) {
      this.wasFull = false;
      this.options.onDrain?.();
    }
  }

  private push(byte: number): void {
    if (this.fifo.length >= this.fifoCapacity) {
      this.errors |= LSR_OE;
      // The manual: without FIFOs the new character replaces the old one, with FIFOs it is lost.
      if ((this.fcr & FCR_ENABLE) === 0) this.fifo[0] = byte;
    } else {
      this.fifo.push(byte);
    }
    this.armTimeout();
    this.update();
  }

  private clearFifo(): void {
    this.fifo.length = 0;
    this.isTimedOut = false;
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** FIFO mode: characters below the trigger level interrupt after four character times of silence. */
  private armTimeout(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.isTimedOut = false;
    if ((this.fcr & FCR_ENABLE) === 0 || this.fifo.length === 0) return;
    if (this.fifo.length >= this.triggerLevel) return;
    const bits = 2 + 5 + (this.lcr & 3) + ((this.lcr >> 2) & 1) + ((this.lcr >> 3) & 1);
    const bitNs = (16 * (this.divisor || 1) * 1e9) / CRYSTAL_HZ;
    const { clock } = this.options;
    this.timer = clock.at(clock.nowNs() + 4 * bits * bitNs, () => {
      this.timer = undefined;
      this.isTimedOut = true;
      this.update();
    });
  }

  private get lsr(): number {
    return LSR_THRE | LSR_TEMT | this.errors | (this.fifo.length > 0 ? LSR_DR : 0);
  }

  /** The modem lines as MSR shows them: in loopback they follow MCR's outputs. */
  private get modemLines(): number {
    if ((this.mcr & MCR_LOOP) === 0) return this.lineInputs;
    return (
      (this.mcr & MCR_RTS ? MSR_CTS : 0) |
      (this.mcr & MCR_DTR ? MSR_DSR : 0) |
      (this.mcr & MCR_OUT1 ? MSR_RI : 0) |
      (this.mcr & MCR_OUT2 ? MSR_DCD : 0)
    );
  }

  /** The highest-priority pending source, in IIR's encoding. */
  private pendingId(): number {
    if (this.ier & IER_ELSI && this.errors !== 0) return IIR_LINE;
    if (this.ier & IER_ERBFI) {
      if (this.fifo.length >= this.triggerLevel) return IIR_DATA;
      if (this.isTimedOut && this.fifo.length > 0) return IIR_TIMEOUT;
    }
    if (this.ier & IER_ETBEI && this.isThrePending) return IIR_THRE;
    if (this.ier & IER_EDSSI && this.msrDelta !== 0) return IIR_MODEM;
    return IIR_NONE;
  }

  /** Publishes LSR, then the interrupt: a handler that runs at once must see the new status. */
  private update(): void {
    this.options.map.publishPort(this.options.base + 5, this.lsr);
    this.options.irq.set(this.pendingId() !== IIR_NONE);
  }

  private readData(): number {
    if (this.lcr & LCR_DLAB) return this.divisor & 0xff;
    this.errors = 0;
    const byte = this.fifo.shift() ?? 0;
    this.armTimeout();
    this.fill();
    return byte;
  }

  private writeData(value: number): void {
    if (this.lcr & LCR_DLAB) {
      this.divisor = (this.divisor & 0xff00) | value;
      return;
    }
    this.isThrePending = false;
    if (this.mcr & MCR_LOOP) this.push(value);
    else this.options.onTransmit(value);
    this.isThrePending = true; // the holding register is empty again
    this.update();
  }

  private readRegister(offset: number): number {
    switch (offset) {
      case 1:
        return this.lcr & LCR_DLAB ? this.divisor >> 8 : this.ier;
      case 2: {
        const id = this.pendingId();
        if (id === IIR_THRE) this.isThrePending = false;
        if (id === IIR_LINE) this.errors = 0;
        this.update();
        return id | (this.fcr & FCR_ENABLE ? IIR_FIFOS : 0);
      }
      case 3:
        return this.lcr;
      case 4:
        return this.mcr;
      case 5:
        return this.lsr;
      case 6: {
        const value = this.modemLines | this.msrDelta;
        this.msrDelta = 0;
        this.update();
        return value;
      }
      default:
        return this.scr;
    }
  }

  private writeRegister(offset: number, value: number): void {
    switch (offset) {
      case 1:
        this.writeIer(value);
        return;
      case 2:
        this.writeFcr(value);
        return;
      case 3:
        this.writeLcr(value);
        return;
      case 4:
        this.writeMcr(value & 0x1f);
        return;
      case 7:
        this.scr = value;
        return;
      default: // LSR and MSR: writes are for factory tests
    }
  }

  private writeIer(value: number): void {
    if (this.lcr & LCR_DLAB) {
      this.divisor = (this.divisor & 0xff) | (value << 8);
      return;
    }
    // Enabling the transmitter interrupt while THR is empty raises it at once.
    if (value & ~this.ier & IER_ETBEI) this.isThrePending = true;
    this.ier = value & 0x0f;
    this.update();
  }

  private writeFcr(value: number): void {
    const isToggled = ((value ^ this.fcr) & FCR_ENABLE) !== 0;
    if (isToggled || value & FCR_CLEAR_RX) {
      this.clearFifo();
      this.errors = 0;
    }
    if (isToggled || value & FCR_CLEAR_TX) this.isThrePending = true;
    // The manual: the other bits are only programmed while bit 0 is written as 1.
    this.fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
    this.armTimeout();
    this.fill();
  }

  private writeLcr(value: number): void {
    const isBreakBegun = (value & ~this.lcr & LCR_BREAK) !== 0;
    this.lcr = value;
    if (isBreakBegun && this.mcr & MCR_LOOP) {
      this.errors |= LSR_BI;
      this.push(0);
    }
  }

  private writeMcr(value: number): void {
    const before = this.modemLines;
    const wasLoop = (this.mcr & MCR_LOOP) !== 0;
    const changed = this.mcr ^ value;
    this.mcr = value;
    const after = this.modemLines;
    const lines = before ^ after;
    if (lines & MSR_CTS) this.msrDelta |= MSR_DCTS;
    if (lines & MSR_DSR) this.msrDelta |= MSR_DDSR;
    if (lines & MSR_DCD) this.msrDelta |= MSR_DDCD;
    if (before & ~after & MSR_RI) this.msrDelta |= MSR_TERI; // trailing edge only
    if ((value & MCR_LOOP) === 0 && (wasLoop || changed & (MCR_DTR | MCR_RTS))) {
      this.options.onModemControl?.((value & MCR_DTR) !== 0, (value & MCR_RTS) !== 0);
    }
    if (wasLoop) this.fill();
    this.update();
  }
}
