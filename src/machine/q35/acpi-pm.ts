/**
 * ACPI power management registers of ICH9, 128 ports at PMBASE. ICH9 datasheet (316972) section 13.8;
 * ACPI 6.4 section 4.8.
 *
 *   00 PM1_STS   15 WAK 10 RTC 8 PWRBTN 5 GBL 0 TMR (write 1 to clear)     20 GPE0_STS (64 bits)
 *   02 PM1_EN    10 RTC 8 PWRBTN 5 GBL 0 TMR                               28 GPE0_EN
 *   04 PM1_CNT   13 SLP_EN 12:10 SLP_TYP 2 GBL_RLS 0 SCI_EN                30 SMI_EN  34 SMI_STS
 *   08 PM1_TMR   32 bits at 3.579545 MHz: read inside the core at the usual PMBASE
 *
 * There is no system management mode. SMI_EN comes up with APMC_EN set, as QEMU does it with smm=off:
 * firmware takes that as "already set up" and leaves SMM alone. Writing ACPI_ENABLE or ACPI_DISABLE to
 * the APM port changes SCI_EN directly. SLP_TYP: 0 is S5, as QEMU's DSDT has it and bare-metal programs
 * assume, and so is 7, as the datasheet has it; 1 is S3; 2, S4, is taken as S5. The TCO watchdog is
 * strapped off (lpc-ich9.ts) and its registers read as zeroes.
 * S3 is left by the power button, by the RTC's alarm if RTC_EN is set, and by the keyboard, which counts as
 * the button. The datasheet keeps PM1_EN through S3; here all is reset and PM1_STS tells the cause, as QEMU
 * does it: systems set PM1_EN anew.
 */
import type { Clock, Timer } from "../../base/clock";
import { log } from "../../base/log";
import { APM_ACPI_DISABLE, APM_ACPI_ENABLE } from "../../firmware/acpi-constants";
import type { AccessSize, IoHandler } from "../../memory/address-map";

const PM1_STS = 0x00;
const PM1_CNT = 0x04;
const PM1_TMR = 0x08;
const GPE0_STS = 0x20;
const GPE0_EN = 0x28;
const GPE0_LEN = 8;
const SMI_EN = 0x30;
const SMI_STS = 0x34;
export const PM_LEN = 0x80;

const STS_TMR = 0x0001;
const STS_PWRBTN = 0x0100;
const STS_RTC = 0x0400;
const STS_WAK = 0x8000;
const STS_CLEARABLE = 0x8731;
const EN_WRITABLE = 0x0721;
const CNT_SCI_EN = 0x0001;
const CNT_WRITABLE = 0x1c03;
const CNT_SLP_EN = 0x2000;
const SMI_EN_APMC = 0x20;

const SLP_TYP_S5 = [0, 7];
const SLP_TYP_S3 = 1;
const SLP_TYP_S4 = 2;

const TIMER_HZ = 3_579_545;
/** TMR_STS sets when the timer's highest bit changes. */
const TIMER_HALF = 2 ** 31;

export interface AcpiPmOptions {
  clock: Clock;
  setSci: (isAsserted: boolean) => void;
  /** The guest entered S5. */
  onPowerOff: () => void;
  /** The guest entered S3: processors stop, until `onWake`. */
  onSuspend: () => void;
  /** What ends S3 has happened: reset the board, then call `woken`. */
  onWake: () => void;
}

export class AcpiPm implements IoHandler {
  private sts = 0;
  private en = 0;
  private cnt = 0;
  private smiEn = SMI_EN_APMC;
  private readonly gpe = new Uint8Array(2 * GPE0_LEN); // status, then enable
  /** Guest time of the next change of the timer's highest bit. */
  private overflowNs = 0;
  private isSuspended = false;
  private wakeStatus = 0;
  private timer: Timer | undefined;

  constructor(private readonly options: AcpiPmOptions) {
    this.reset();
  }

  reset(): void {
    this.sts = 0;
    this.en = 0;
    this.cnt = 0;
    this.smiEn = SMI_EN_APMC;
    this.gpe.fill(0);
    this.isSuspended = false;
    this.armOverflow();
    this.update();
  }

  /** After the reset that `onWake` asked for: the system reads what woke it. */
  woken(): void {
    this.sts |= STS_WAK | this.wakeStatus;
    this.update();
  }

  /** The power button was pressed. */
  pressPowerButton(): void {
    this.sts |= STS_PWRBTN;
    this.wake(STS_PWRBTN);
    this.update();
  }

  /** A key was pressed. */
  keyPressed(): void {
    this.wake(STS_PWRBTN);
  }

  /** The real time clock's alarm interrupt was asserted. */
  rtcAlarm(): void {
    this.sts |= STS_RTC;
    if (this.en & STS_RTC) this.wake(STS_RTC);
    this.update();
  }

  /** Sets a general purpose event's status bit. */
  raiseGpe(bit: number): void {
    this.gpe[bit >> 3] |= 1 << (bit & 7);
    this.update();
  }

  /** The guest wrote `value` to the APM control port. */
  apmWritten(value: number): void {
    if (value === APM_ACPI_ENABLE) this.cnt |= CNT_SCI_EN;
    else if (value === APM_ACPI_DISABLE) this.cnt &= ~CNT_SCI_EN;
    this.update();
  }

  read(offset: number, size: AccessSize): number {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = (value << 8) | this.byteAt(offset + i);
    return value >>> 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    for (let i = 0; i < size; i++) this.writeByte(offset + i, (value >>> (8 * i)) & 0xff);
    // The sleep command is one register write, whatever its width: it acts once all bytes are in.
    if (offset <= PM1_CNT + 1 && offset + size > PM1_CNT + 1) {
      this.controlWritten((value >>> (8 * (PM1_CNT + 1 - offset))) << 8);
    }
    this.update();
  }

  private byteAt(offset: number): number {
    const byteOf = (word: number, base: number) => (word >>> (8 * (offset - base))) & 0xff;
    switch (offset & ~3) {
      case PM1_STS:
        this.checkOverflow();
        return byteOf(this.sts | (this.en << 16), PM1_STS);
      case PM1_CNT:
        return byteOf(this.cnt, PM1_CNT);
      case PM1_TMR:
        return byteOf(this.ticks(), PM1_TMR);
      case SMI_EN:
        return byteOf(this.smiEn, SMI_EN);
    }
    if (offset >= GPE0_STS && offset < GPE0_EN + GPE0_LEN) return this.gpe[offset - GPE0_STS];
    return 0;
  }

  private writeByte(offset: number, byte: number): void {
    const shift = 8 * (offset & 1);
    switch (offset) {
      case PM1_STS:
      case PM1_STS + 1:
        this.checkOverflow();
        if (shift === 0 && byte & STS_TMR) this.armOverflow();
        this.sts &= ~((byte << shift) & STS_CLEARABLE);
        return;
      case PM1_STS + 2:
      case PM1_STS + 3:
        this.en = ((this.en & ~(0xff << shift)) | (byte << shift)) & EN_WRITABLE;
        return;
      case PM1_CNT:
      case PM1_CNT + 1:
        this.cnt = ((this.cnt & ~(0xff << shift)) | (byte << shift)) & CNT_WRITABLE;
        return;
    }
    if (offset >= SMI_EN && offset < SMI_STS) {
      const at = 8 * (offset - SMI_EN);
      this.smiEn = ((this.smiEn & ~(0xff << at)) | (byte << at)) >>> 0;
    } else if (offset >= GPE0_STS && offset < GPE0_EN) {
      this.gpe[offset - GPE0_STS] &= ~byte;
    } else if (offset >= GPE0_EN && offset < GPE0_EN + GPE0_LEN) {
      this.gpe[offset - GPE0_STS] = byte;
    }
  }

  private controlWritten(value: number): void {
    if ((value & CNT_SLP_EN) === 0) return;
    const type = (value >>> 10) & 7;
    if (SLP_TYP_S5.includes(type) || type === SLP_TYP_S4) this.options.onPowerOff();
    else if (type === SLP_TYP_S3) this.suspend();
    else log.guest("sleep state not offered", `SLP_TYP ${type}`);
  }

  private suspend(): void {
    this.isSuspended = true;
    this.options.onSuspend();
  }

  private wake(status: number): void {
    if (!this.isSuspended) return;
    this.isSuspended = false;
    this.wakeStatus = status;
    this.options.onWake();
  }

  private ticks(): number {
    return Math.floor((this.options.clock.nowNs() * TIMER_HZ) / 1e9) % 2 ** 32;
  }

  private armOverflow(): void {
    const ticks = Math.floor((this.options.clock.nowNs() * TIMER_HZ) / 1e9);
    const next = (Math.floor(ticks / TIMER_HALF) + 1) * TIMER_HALF;
    this.overflowNs = Math.ceil((next * 1e9) / TIMER_HZ);
  }

  private checkOverflow(): void {
    if (this.options.clock.nowNs() >= this.overflowNs) this.sts |= STS_TMR;
  }

  private update(): void {
    this.checkOverflow();
    const hasGpe = this.gpe
      .subarray(0, GPE0_LEN)
      .some((sts, i) => (sts & this.gpe[GPE0_LEN + i]) !== 0);
    const isEnabled = (this.cnt & CNT_SCI_EN) !== 0;
    this.options.setSci(isEnabled && ((this.sts & this.en) !== 0 || hasGpe));
    this.timer?.cancel();
    this.timer = undefined;
    if (this.en & STS_TMR && (this.sts & STS_TMR) === 0) {
      this.timer = this.options.clock.at(this.overflowNs, () => this.update());
    }
  }
}
