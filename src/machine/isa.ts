/**
 * What hangs below the LPC bridge, at fixed ports and ISA interrupts: keyboard controller with keyboard
 * and mouse, real time clock, serial ports, 8237 pair, port 92h, the firmware's debug console, and the
 * ISA devices that -device adds.
 */
import type { Clock } from "../base/clock";
import { Debugcon } from "../devices/debugcon";
import { Dma8237 } from "../devices/dma-8237";
import { I8042 } from "../devices/i8042";
import { IsaDebugExit } from "../devices/isa-debug-exit";
import { PcTestdev } from "../devices/pc-testdev";
import { Port92 } from "../devices/port92";
import { Ps2Keyboard } from "../devices/ps2-keyboard";
import { Ps2Mouse } from "../devices/ps2-mouse";
import { Pvpanic } from "../devices/pvpanic";
import { RtcMc146818 } from "../devices/rtc-mc146818";
import { Uart16550 } from "../devices/uart-16550";
import type { IrqSink } from "../irq/line";
import type { AddressMap } from "../memory/address-map";
import { type MachineConfig, serialPorts } from "./config";
import type { PcEvents } from "./pc";
import { IRQ, SERIAL } from "./pc-map";

const FIRMWARE_DEBUGCON = 0x402;

export interface IsaOptions {
  map: AddressMap;
  irq: IrqSink;
  clock: Clock;
  config: MachineConfig;
  events: PcEvents;
  /** CMOS contents at power-on. */
  cmos: Map<number, number>;
  onRtcAlarm: () => void;
}

/** CMOS: what firmware shall do after a reset, and its value for leaving S3. */
const CMOS_SHUTDOWN_STATUS = 0x0f;
const SHUTDOWN_STATUS_S3 = 0xfe;

export class IsaDevices {
  readonly keyboard: Ps2Keyboard;
  readonly mouse: Ps2Mouse;
  readonly serial: Uart16550[];
  private readonly rtc: RtcMc146818;
  private readonly i8042: I8042;
  private readonly port92: Port92;
  private readonly dma: Dma8237;

  constructor(private readonly options: IsaOptions) {
    const { map, irq, clock, config, events, cmos, onRtcAlarm } = options;
    const onReset = () => events.onReset();
    this.keyboard = new Ps2Keyboard((leds) => events.onLeds(leds));
    this.mouse = new Ps2Mouse(clock, (isWanted) => events.onMouse(isWanted));
    this.i8042 = new I8042({
      map,
      clock,
      irq1: irq.line(IRQ.keyboard),
      irq12: irq.line(IRQ.mouse),
      keyboard: this.keyboard,
      mouse: this.mouse,
      onReset,
    });
    this.port92 = new Port92({ map, onReset, a20: this.i8042 });
    this.dma = new Dma8237(map);
    this.rtc = new RtcMc146818({
      map,
      irq: irq.line(IRQ.rtc),
      clock,
      wallMs: wallClock(config),
      contents: cmos,
      onAlarm: onRtcAlarm,
    });
    this.serial = serialPorts(config).map((_, port) => this.makeSerial(port));
    this.addDebugcon(FIRMWARE_DEBUGCON);
    for (const { driver, properties } of config.devices) this.add(driver, new Map(properties));
  }

  /** `cmos` goes over what the battery kept. */
  reset(cmos: Iterable<[number, number]>): void {
    this.keyboard.reset();
    this.mouse.reset();
    this.i8042.reset();
    this.port92.reset();
    this.dma.reset();
    this.rtc.reset();
    for (const port of this.serial) port.reset();
    for (const [register, value] of cmos) this.rtc.poke(register, value);
  }

  /** S3 is entered: firmware will see that the reset behind it is a resume. */
  markSuspend(): void {
    this.rtc.poke(CMOS_SHUTDOWN_STATUS, SHUTDOWN_STATUS_S3);
  }

  /** For a kernel that is started without firmware. */
  setUpAsFirmware(): void {
    this.i8042.setUpAsFirmware();
  }

  private makeSerial(port: number): Uart16550 {
    const { map, irq, clock, events } = this.options;
    const { base, irq: line } = SERIAL[port];
    const onTransmit = (byte: number) => events.onSerial(port, byte);
    return new Uart16550({ map, base, irq: irq.line(line), clock, onTransmit });
  }

  private addDebugcon(base: number): void {
    const { map, events } = this.options;
    new Debugcon({ map, base, onByte: (byte) => events.onDebugcon(byte) });
  }

  private add(driver: string, properties: Map<string, string>): void {
    const { map, irq, events } = this.options;
    const port = (key: string) => (properties.has(key) ? Number(properties.get(key)) : undefined);
    switch (driver) {
      case "isa-debug-exit":
        new IsaDebugExit({
          map,
          base: port("iobase"),
          size: port("iosize"),
          onExit: (status) => events.onExit(status),
        });
        return;
      case "isa-debugcon":
        this.addDebugcon(port("iobase") ?? 0xe9);
        return;
      case "pvpanic":
        new Pvpanic({ map, onEvent: () => events.onPanic() });
        return;
      case "pc-testdev":
        new PcTestdev({ map, line: (gsi) => irq.line(gsi) });
        return;
    }
    throw new Error(`-device ${driver} is in the table of options but not on the board`);
  }
}

/** Host time as the real time clock should see it: UTC, local time, or a date that starts now. */
function wallClock({ rtcBase }: MachineConfig): () => number {
  if (rtcBase === "utc") return () => Date.now();
  if (rtcBase === "localtime") return () => Date.now() - new Date().getTimezoneOffset() * 60_000;
  const started = Date.now();
  return () => rtcBase + (Date.now() - started);
}
