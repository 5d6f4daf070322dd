/**
 * What a serial port has said: the end of it as text, for the terminal that is opened later and for
 * programs that wait for a prompt. Bytes are UTF-8, as Linux consoles speak it.
 */
const TEXT_MAX = 1 << 20;

interface Waiter {
  pattern: RegExp;
  resolve: (match: RegExpExecArray) => void;
}

export class SerialLog {
  /** The last million characters or so. */
  text = "";
  private readonly decoder = new TextDecoder();
  /** Where the next `wait` begins to look. */
  private seen = 0;
  private waiters: Waiter[] = [];

  add(bytes: Uint8Array): string {
    const added = this.decoder.decode(bytes, { stream: true });
    this.text += added;
    if (this.text.length > TEXT_MAX + TEXT_MAX / 4) {
      const cut = this.text.length - TEXT_MAX;
      this.text = this.text.slice(cut);
      this.seen = Math.max(0, this.seen - cut);
    }
    this.settle();
    return added;
  }

  /**
   * Resolves when the port has said something that matches, after what the last `wait` matched: a
   * prompt is waited for once per command.
   */
  wait(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        const end = JSON.stringify(this.text.slice(-200));
        reject(
          new Error(
            `The serial port did not say ${pattern} in ${timeoutMs / 1000} s; it ends with ${end}.`,
          ),
        );
      }, timeoutMs);
      const waiter: Waiter = {
        pattern,
        resolve: (match) => {
          clearTimeout(timer);
          resolve(match);
        },
      };
      this.waiters.push(waiter);
      this.settle();
    });
  }

  private settle(): void {
    while (this.waiters.length > 0) {
      const { pattern, resolve } = this.waiters[0];
      const match = new RegExp(pattern.source, pattern.flags.replace("g", "")).exec(
        this.text.slice(this.seen),
      );
      if (!match) return;
      this.seen += match.index + match[0].length;
      this.waiters.shift();
      resolve(match);
    }
  }
}
