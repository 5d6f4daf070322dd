/**
 * Tabs over the stage: the screen, a terminal per serial port, and the messages of firmware and devices.
 * Arrow keys move between tabs; a dot marks one that said something while another is shown.
 */
import { byId, el } from "./dom";
import type { Machine } from "./machine";
import type { SerialTerminal } from "./serial-terminal";

const LOG_MAX = 200_000;

export interface ConsoleTabsOptions {
  machine: Machine;
  serialPorts: number;
  hasScreen: boolean;
  /** The keyboard is wanted back. */
  onEscape: () => void;
}

export class ConsoleTabs {
  private readonly list = byId("tabs");
  private readonly panels = new Map<string, HTMLElement>();
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly terminals = new Map<number, SerialTerminal>();
  private readonly serialRoot = byId("panel-serial");
  private logText = "";
  active = "";

  constructor(private readonly options: ConsoleTabsOptions) {
    const { machine, serialPorts, hasScreen } = options;
    this.list.replaceChildren();
    this.serialRoot.replaceChildren();
    if (hasScreen) this.add("screen", "Screen", byId("panel-screen"));
    byId("panel-screen").hidden = true;
    for (let port = 0; port < serialPorts; port++) {
      this.add(
        `serial${port}`,
        serialPorts === 1 ? "Serial" : `Serial ${port + 1}`,
        this.serialRoot,
      );
    }
    this.add("log", "Messages", byId("panel-log"));
    byId("log").textContent = "";
    machine.on("serial", ({ port, text }) => this.serialSays(port, text));
    machine.on("firmware", (text) => this.log(text));
    machine.on("log", (line) => this.log(`${line}\n`));
    this.list.onkeydown = (event) => this.move(event);
    this.show(hasScreen ? "screen" : serialPorts > 0 ? "serial0" : "log");
  }

  show(name: string): void {
    if (!this.buttons.has(name)) return;
    this.active = name;
    for (const panel of new Set(this.panels.values()))
      panel.hidden = panel !== this.panels.get(name);
    for (const [other, button] of this.buttons) {
      button.setAttribute("aria-selected", String(other === name));
      button.tabIndex = other === name ? 0 : -1;
    }
    this.mark(name, false);
    const port = this.portOf(name);
    if (port >= 0) void this.openTerminal(port);
    if (name === "log") this.showLog();
  }

  /** Puts the keyboard into what is shown. */
  focus(): void {
    if (this.active === "screen") byId("screen").focus({ preventScroll: true });
    else if (this.active === "log") byId("log").focus();
    else this.terminals.get(this.portOf(this.active))?.focus();
  }

  /** The keyboard goes back to the page. */
  leave(): void {
    this.buttons.get(this.active)?.focus();
  }

  dispose(): void {
    for (const terminal of this.terminals.values()) terminal.dispose();
    this.terminals.clear();
  }

  private add(name: string, label: string, panel: HTMLElement): void {
    const button = el(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${name === "serial0" ? "serial" : name}`,
        "aria-controls": panel.id,
        onclick: () => {
          this.show(name);
          this.focus();
        },
      },
      label,
    );
    this.buttons.set(name, button);
    this.panels.set(name, panel);
    this.list.append(button);
  }

  private move(event: KeyboardEvent): void {
    const names = [...this.buttons.keys()];
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? names.length - 1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const name = names[(names.indexOf(this.active) + step) % names.length];
    this.show(name);
    this.buttons.get(name)?.focus();
  }

  private portOf(name: string): number {
    return name.startsWith("serial") ? Number(name.slice("serial".length)) : -1;
  }

  private mark(name: string, isNews: boolean): void {
    const button = this.buttons.get(name);
    const dot = button?.querySelector(".dot");
    if (isNews && !dot) button?.append(el("span", { class: "dot", title: "New output" }));
    else if (!isNews) dot?.remove();
  }

  private serialSays(port: number, text: string): void {
    this.terminals.get(port)?.write(text);
    if (this.active !== `serial${port}`) this.mark(`serial${port}`, true);
  }

  private async openTerminal(port: number): Promise<void> {
    for (const [index, child] of [...this.serialRoot.children].entries()) {
      (child as HTMLElement).hidden = index !== port;
    }
    if (this.terminals.has(port)) return;
    const { SerialTerminal } = await import("./serial-terminal");
    if (this.terminals.has(port) || this.active !== `serial${port}`) return;
    while (this.serialRoot.children.length <= port) {
      const parent = el("div", { style: "height:100%" });
      parent.hidden = this.serialRoot.children.length !== port;
      this.serialRoot.append(parent);
    }
    const { machine, onEscape } = this.options;
    const parent = this.serialRoot.children[port] as HTMLElement;
    const send = (text: string) => machine.sendSerial(text, port);
    const terminal = new SerialTerminal({ parent, text: machine.serialText(port), send, onEscape });
    this.terminals.set(port, terminal);
    // The person may have gone on while it loaded.
    if (
      document.activeElement === this.buttons.get(this.active) ||
      document.activeElement === document.body
    ) {
      terminal.focus();
    }
  }

  private log(text: string): void {
    this.logText = (this.logText + text).slice(-LOG_MAX);
    if (this.active === "log") this.showLog();
  }

  private showLog(): void {
    const log = byId("log");
    const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    log.textContent = this.logText || "Nothing so far: firmware and devices report here.";
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }
}
