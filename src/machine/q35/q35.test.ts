import { beforeEach, describe, expect, test } from "vitest";
import { TimerQueue } from "../../base/timers";
import { IoMap } from "../../memory/io-map";
import { PhysicalMap } from "../../memory/physical-map";
import { PciFunction } from "../../pci/function";
import { PciRoot } from "../../pci/root";
import {
  LOW_MAP_READ,
  LOW_MAP_VGA,
  LOW_MAP_WRITE,
  MACHINE,
  Machine,
  PORT_CLASS,
  PORT_CLASS_CORE,
  RAM,
  ROM,
  ROM_SIZE,
} from "../../shared/layout";
import { type SharedMemory, sharedMemory } from "../../shared/shared-memory";
import { LpcIch9 } from "./lpc-ich9";
import { Mch } from "./mch";
import { SmbusIch9 } from "./smbus-ich9";

const MIB = 2 ** 20;
const LPC = 0x1f << 3;
const SMBUS = LPC | 3;
const PM = 0x600;

/** The chipset alone, with the guest's accesses as methods. */
class Board {
  readonly memory: SharedMemory;
  readonly map: IoMap;
  readonly root: PciRoot;
  readonly lpc: LpcIch9;
  readonly mch: Mch;
  readonly smbus = new SmbusIch9();
  readonly clock: TimerQueue;
  now = 0;
  asserted = new Set<number>();
  events: string[] = [];

  constructor() {
    this.memory = sharedMemory(new SharedArrayBuffer(RAM + MIB));
    this.memory.u32[(MACHINE + Machine.vcpuCount) >> 2] = 1;
    const physical = new PhysicalMap(this.memory);
    this.map = new IoMap(this.memory, physical);
    this.clock = new TimerQueue(() => this.now);
    const irq = {
      line: (gsi: number) => ({
        set: (isAsserted: boolean) =>
          void (isAsserted ? this.asserted.add(gsi) : this.asserted.delete(gsi)),
      }),
      msi: () => {},
    };
    this.lpc = new LpcIch9({
      map: this.map,
      irq,
      clock: this.clock,
      onPowerOff: () => this.events.push("power off"),
      onSuspend: () => this.events.push("suspend"),
      onWake: () => this.events.push("wake"),
      onReset: () => this.events.push("reset"),
    });
    this.root = new PciRoot(
      this.map,
      irq,
      (slot, pin, on) => this.lpc.setIntx(slot, pin, on),
      this.lpc.resetControl,
    );
    this.mch = new Mch({ physical, setMmconfig: (base, len) => this.root.setMmconfig(base, len) });
    this.root.attach(this.mch.pci, 0);
    this.root.attach(this.lpc.pci, 0x1f);
    this.root.attach(this.smbus.pci, 0x1f, 3);
    this.mch.reset();
  }

  config(devfn: number, register: number, value: number, size: 1 | 2 | 4 = 4): void {
    this.root.write(0, devfn, register, size, value);
  }
  lowSlot(gpa: number): number {
    return this.memory.u32[(MACHINE + Machine.lowMapFirst + ((gpa >> 14) << 2)) >> 2];
  }
  enablePm(): void {
    this.config(LPC, 0x40, PM | 1);
    this.config(LPC, 0x44, 0x80, 1);
  }
  device(slot: number, pin: 1 | 2 | 3 | 4 = 1): PciFunction {
    const fn = new PciFunction({
      name: `slot ${slot}`,
      vendor: 1,
      device: 1,
      classCode: 0,
      interruptPin: pin,
    });
    this.root.attach(fn, slot);
    return fn;
  }
  get lines(): number[] {
    return [...this.asserted].sort((a, b) => a - b);
  }
}

let board: Board;
beforeEach(() => {
  board = new Board();
});

const RAM_RW = LOW_MAP_READ | LOW_MAP_WRITE;

describe("MCH", () => {
  test("PAM0 covers F0000-FFFFF with its high field", () => {
    board.config(0, 0x90, 0x30, 1);
    expect(board.lowSlot(0xf_0000)).toBe((RAM + 0xf_0000) | RAM_RW);
    expect(board.lowSlot(0xf_c000)).toBe((RAM + 0xf_c000) | RAM_RW);
    expect(board.lowSlot(0xe_c000)).toBe((ROM + ROM_SIZE - 0x1_4000) | LOW_MAP_READ);
  });

  test("PAM1 has one field for each 16 KiB", () => {
    board.config(0, 0x91, 0x13, 1);
    expect(board.lowSlot(0xc_0000)).toBe((RAM + 0xc_0000) | RAM_RW);
    expect(board.lowSlot(0xc_4000)).toBe((RAM + 0xc_4000) | LOW_MAP_READ);
    expect(board.lowSlot(0xc_8000) & LOW_MAP_WRITE).toBe(0);
  });

  test("a dword write reaches all PAM registers in it", () => {
    board.config(0, 0x90, 0x3333_3330);
    expect(board.lowSlot(0xd_4000)).toBe((RAM + 0xd_4000) | RAM_RW);
    expect(board.lowSlot(0xd_8000) & LOW_MAP_WRITE).toBe(0);
  });

  test("reset shows the ROM again", () => {
    board.config(0, 0x90, 0x30, 1);
    board.root.reset();
    board.mch.reset();
    expect(board.lowSlot(0xf_0000)).toBe((ROM + ROM_SIZE - 0x1_0000) | LOW_MAP_READ);
  });

  test("SMRAM opens the VGA window to RAM until it is locked", () => {
    board.config(0, 0x9d, 0x4a, 1);
    expect(board.lowSlot(0xa_0000)).toBe((RAM + 0xa_0000) | RAM_RW);
    board.config(0, 0x9d, 0x1a, 1);
    expect(board.lowSlot(0xa_0000)).toBe(LOW_MAP_VGA);
    board.config(0, 0x9d, 0x4a, 1);
    expect(board.lowSlot(0xa_0000)).toBe(LOW_MAP_VGA);
    expect(board.root.read(0, 0, 0x9d, 1) & 0x10).toBe(0x10);
  });

  test("PCIEXBAR places MMCONFIG", () => {
    board.config(0, 0x60, 0xb000_0001);
    expect(board.map.mmioRead(0xb000_0000 + (LPC << 12), 4)).toBe(0x2918_8086);
    board.config(0, 0x60, 0xb000_0000);
    expect(board.map.mmioRead(0xb000_0000, 4)).toBe(0xffff_ffff);
  });
});

describe("interrupt routing", () => {
  test("slots 0-24 rotate over PIRQE-H, slot 31 uses PIRQA-D", () => {
    board.device(2).setInterrupt(true);
    expect(board.lines).toEqual([22]);
    board.device(5, 4).setInterrupt(true);
    expect(board.lines).toEqual([20, 22]);
    board.smbus.pci.setInterrupt(true);
    expect(board.lines).toEqual([16, 20, 22]);
  });

  test("a PIRQ is also the ISA interrupt it is routed to", () => {
    board.config(LPC, 0x6a, 11, 1);
    const fn = board.device(2);
    fn.setInterrupt(true);
    expect(board.lines).toEqual([11, 22]);
    fn.setInterrupt(false);
    expect(board.lines).toEqual([]);
  });

  test("two functions on one PIRQ hold it until both let go", () => {
    const [a, b] = [board.device(2), board.device(6)];
    a.setInterrupt(true);
    b.setInterrupt(true);
    a.setInterrupt(false);
    expect(board.lines).toEqual([22]);
    b.setInterrupt(false);
    expect(board.lines).toEqual([]);
  });

  test("a route that is taken away lowers its ISA interrupt", () => {
    board.config(LPC, 0x6a, 11, 1);
    board.device(2).setInterrupt(true);
    board.config(LPC, 0x6a, 0x80, 1);
    expect(board.lines).toEqual([22]);
  });

  test("D31IR moves a pin of slot 31 to another PIRQ", () => {
    board.config(LPC, 0xf0, 0xfed1_c001);
    board.map.mmioWrite(0xfed1_c000 + 0x3140, 2, 0x3215);
    board.smbus.pci.setInterrupt(true);
    expect(board.lines).toEqual([21]);
  });
});

describe("ACPI registers", () => {
  beforeEach(() => board.enablePm());

  test("the timer's port is the core's", () => {
    expect(board.memory.bytes[PORT_CLASS + PM + 8]).toBe(PORT_CLASS_CORE);
  });

  test("the power button raises the SCI once ACPI is on and the event enabled", () => {
    board.lpc.pm.pressPowerButton();
    expect(board.lines).toEqual([]);
    board.map.portWrite(0xb2, 1, 2);
    board.map.portWrite(PM + 2, 2, 0x100);
    expect(board.map.portRead(PM + 4, 2) & 1).toBe(1);
    expect(board.lines).toEqual([9]);
    board.map.portWrite(PM, 2, 0x100);
    expect(board.lines).toEqual([]);
  });

  describe("S3", () => {
    const WAK = 0x8000;
    const RTC = 0x400;
    const PWRBTN = 0x100;
    const status = () => board.map.portRead(PM, 2);
    const suspend = () => board.map.portWrite(PM + 4, 2, 0x2400);

    test("is entered by SLP_TYP 1 and left by the power button, which the status tells", () => {
      suspend();
      expect(board.events).toEqual(["suspend"]);
      board.lpc.pm.pressPowerButton();
      board.lpc.pm.pressPowerButton();
      expect(board.events).toEqual(["suspend", "wake"]);
      board.lpc.reset();
      board.lpc.pm.woken();
      expect(status() & (WAK | RTC | PWRBTN)).toBe(WAK | PWRBTN);
      board.map.portWrite(PM, 2, WAK | PWRBTN);
      expect(status()).toBe(0);
    });

    test("is left by the alarm only if RTC_EN is set", () => {
      suspend();
      board.lpc.pm.rtcAlarm();
      expect(board.events).toEqual(["suspend"]);
      board.lpc.reset();
      board.map.portWrite(PM + 2, 2, RTC);
      suspend();
      board.lpc.pm.rtcAlarm();
      expect(board.events).toEqual(["suspend", "suspend", "wake"]);
    });

    test("keys and alarms of a running system wake nobody", () => {
      board.lpc.pm.keyPressed();
      board.lpc.pm.rtcAlarm();
      expect(board.events).toEqual([]);
      expect(status() & (WAK | RTC)).toBe(RTC);
    });
  });

  test("SLP_EN with the type of S5 powers off, other types do not", () => {
    board.map.portWrite(PM + 4, 2, 0x2000 | (5 << 10));
    expect(board.events).toEqual([]);
    board.map.portWrite(PM + 4, 2, 0x2000);
    board.map.portWrite(PM + 4, 2, 0x2000 | (7 << 10));
    expect(board.events).toEqual(["power off", "power off"]);
  });

  test("SMI_EN says that system management is set up already", () => {
    expect(board.map.portRead(PM + 0x30, 4)).toBe(0x20);
  });

  test("the timer's overflow sets its status and interrupts when enabled", () => {
    board.map.portWrite(0xb2, 1, 2);
    board.map.portWrite(PM + 2, 2, 1);
    board.now = (2 ** 31 / 3_579_545) * 1e9 + 1000;
    board.clock.poll();
    expect(board.map.portRead(PM, 2) & 1).toBe(1);
    expect(board.lines).toEqual([9]);
    board.map.portWrite(PM, 2, 1);
    expect(board.lines).toEqual([]);
    expect(board.map.portRead(PM, 2) & 1).toBe(0);
  });

  test("GPE0 status is cleared by ones and interrupts when enabled", () => {
    board.map.portWrite(0xb2, 1, 2);
    board.map.portWrite(PM + 0x28, 1, 2);
    board.lpc.pm.raiseGpe(1);
    expect(board.lines).toEqual([9]);
    board.map.portWrite(PM + 0x20, 1, 2);
    expect(board.lines).toEqual([]);
  });

  test("registers go away with ACPI_EN", () => {
    board.config(LPC, 0x44, 0, 1);
    expect(board.map.portRead(PM + 4, 2)).toBe(0xffff);
    expect(board.memory.bytes[PORT_CLASS + PM + 8]).not.toBe(PORT_CLASS_CORE);
  });
});

test("CF9 resets on RST_CPU and does not disturb CONFIG_ADDRESS", () => {
  board.map.portWrite(0xcf8, 4, 0x8000_0000);
  board.map.portWrite(0xcf9, 1, 0x02);
  expect(board.events).toEqual([]);
  expect(board.map.portRead(0xcf9, 1)).toBe(0x02);
  board.map.portWrite(0xcf9, 1, 0x06);
  expect(board.events).toEqual(["reset"]);
  expect(board.map.portRead(0xcf8, 4)).toBe(0x8000_0000);
});

test("an SMBus transaction ends with a device error", () => {
  board.config(SMBUS, 0x20, 0x700);
  board.config(SMBUS, 4, 1, 2);
  expect(board.map.portRead(0x700, 1)).toBe(0);
  board.map.portWrite(0x702, 1, 0x48);
  expect(board.map.portRead(0x700, 1) & 0x07).toBe(0x04);
  board.map.portWrite(0x700, 1, 0xfe);
  expect(board.map.portRead(0x700, 1) & 0x04).toBe(0);
});
