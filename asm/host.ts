/**
 * Every import from the host, declared once. The worker entry points (src/worker/) and the test
 * harness provide them as module "host".
 */

/** Carries out the request in this vCPU's mailbox before it returns (asm/bus.ts). */
export declare function deviceAccess(vcpu: u32): void;

/** Tells the device worker that the posted ring has entries; does not wait. */
export declare function deviceKick(vcpu: u32): void;

/** Guest time in nanoseconds: monotonic, standing still while the machine is paused. */
export declare function nowNs(): f64;

/** Wakes vCPU `vcpu`, which may sleep on its pending word. */
export declare function wakeVcpu(vcpu: u32): void;

/** 32 random bits for RDRAND and RDSEED. */
export declare function random32(): u32;

/** One line for `-d`: a code from TRACE_*, two values. Never called on a hot path. */
export declare function trace(code: u32, a: u64, b: u64): void;
