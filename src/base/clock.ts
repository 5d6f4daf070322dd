/**
 * Guest time and timers on it, for device models. Times are nanoseconds since the machine started, as
 * numbers (exact for 104 days); the clock stands still while the machine is paused.
 */
export interface Clock {
  nowNs(): number;
  /** Calls `callback` once at or after `atNs`. */
  at(atNs: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}
