/**
 * A serial port as a terminal (xterm.js), loaded when its tab is opened first. What the port said before
 * is written first; the terminal's answers to questions in that old text (cursor position reports) go
 * nowhere, because the guest that asked does not wait any more.
 */
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { isEscapeChord } from "../input/keyboard";

export interface SerialTerminalOptions {
  parent: HTMLElement;
  /** What was said so far. */
  text: string;
  send: (text: string) => void;
  onEscape: () => void;
}

const THEME = {
  background: "#0b0d11",
  foreground: "#d6dbe4",
  cursor: "#7ea2ff",
  selectionBackground: "#34466f",
  black: "#1b2029",
  brightBlack: "#667085",
};

export class SerialTerminal {
  readonly terminal: Terminal;
  private readonly fit = new FitAddon();
  private readonly observer: ResizeObserver;
  private isReplaying = true;

  constructor(options: SerialTerminalOptions) {
    const style = getComputedStyle(document.documentElement);
    this.terminal = new Terminal({
      fontFamily: style.getPropertyValue("--mono") || "monospace",
      fontSize: 14,
      lineHeight: 1.15,
      scrollback: 10_000,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      theme: THEME,
    });
    this.terminal.loadAddon(this.fit);
    this.terminal.open(options.parent);
    this.terminal.attachCustomKeyEventHandler((event) => {
      if (!isEscapeChord(event)) return true;
      event.preventDefault();
      if (event.type === "keydown") options.onEscape();
      return false;
    });
    this.terminal.onData((data) => {
      if (!this.isReplaying) options.send(data);
    });
    this.terminal.write(options.text, () => {
      this.isReplaying = false;
    });
    this.observer = new ResizeObserver(() => this.fit.fit());
    this.observer.observe(options.parent);
  }

  write(text: string): void {
    this.terminal.write(text);
  }

  focus(): void {
    this.terminal.focus();
  }

  dispose(): void {
    this.observer.disconnect();
    this.terminal.dispose();
  }
}
