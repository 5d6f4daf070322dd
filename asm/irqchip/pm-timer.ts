/**
 * The ACPI power management timer (ACPI 4.8.3.3): port 608h, 3.579545 MHz, 32 bits as the FADT's
 * TMR_VAL_EXT says. Its overflow status and interrupt (TMR_STS, TMR_EN) belong to the PM1 registers of the
 * device worker, whose LPC bridge also gives the port to the core while PMBASE is 600h.
 */
const PM_TIMER_HZ: u64 = 3_579_545;

/** The counter at guest time `ns`. */
export function pmTimer(ns: f64): u32 {
  const whole = <u64>ns;
  const seconds = whole / 1_000_000_000;
  return <u32>(
    (seconds * PM_TIMER_HZ + ((whole - seconds * 1_000_000_000) * PM_TIMER_HZ) / 1_000_000_000)
  );
}
