/**
 * The machine on the page: toolbar, consoles, status line, and what covers them while it loads, is
 * paused or is off. One view for the life of the page; machines come and go in it.
 */
import { CanvasScreen, type Scaling } from "../display/canvas";
import { ESCAPE_CHORD, KeyboardInput } from "../input/keyboard";
import { MouseInput } from "../input/mouse";
import { hasVga, serialPorts } from "../machine/config";
import type { Stopped } from "../machine/lifecycle";
import { ConsoleTabs } from "./console-tabs";
import { byId, chooseFiles, el, icon, saveFile } from "./dom";
import { KeepAlive } from "./keep-alive";
import type { Machine } from "./machine";
import { attachMenu, confirmed, type MenuEntry } from "./menu";
import { type NoticeAction, notice, sentenceOf } from "./notice";
import { StatusLine } from "./status-line";

const HINT_MS = 4500;
const SCALING_KEY = "longmode:scaling";

export interface MachineViewOptions {
  /** The same machine once more. */
  onAgain: () => void;
  /** Back to the boot card. */
  onBack: () => void;
  onShare: () => Promise<string>;
  /** A person chose another disc for a machine that is off. */
  onDisc: (file: File) => void;
}

export class MachineView {
  private machine: Machine | undefined;
  private title = "PC";
  private tabs: ConsoleTabs | undefined;
  private status: StatusLine | undefined;
  private canvasScreen: CanvasScreen | undefined;
  private scaling = storedScaling();
  private discName = "";
  private hintTimer: ReturnType<typeof setTimeout> | undefined;
  private wasToldToLeave = false;
  private readonly shown = new Set<string>();
  private readonly root = byId("machine");
  private readonly overlay = byId("overlay");
  private readonly keepAlive = new KeepAlive();
  private readonly keyboard: KeyboardInput;
  private readonly mouse: MouseInput;

  constructor(private readonly options: MachineViewOptions) {
    const screen = byId("screen");
    this.keyboard = new KeyboardInput({
      target: screen,
      sink: { sendKey: (evdev, isDown) => this.machine?.sendKey(evdev, isDown) },
      onEscape: () => this.leave(),
    });
    const view = this;
    this.mouse = new MouseInput({
      target: screen,
      sink: {
        get isMouseWanted() {
          return view.machine?.isMouseWanted ?? false;
        },
        sendMouse: (dx, dy) => this.machine?.sendMouse(dx, dy),
        sendMouseButtons: (buttons) => this.machine?.sendMouseButtons(buttons),
        sendMouseWheel: (clicks) => this.machine?.sendMouseWheel(clicks),
      },
      onCapture: (isCaptured) => this.captured(isCaptured),
      onUnwanted: () => this.hint("What runs in the PC reads no mouse at present."),
    });
    screen.addEventListener("focus", () => this.screenFocused());
    screen.addEventListener("blur", () => this.status?.setCapture(""));
    screen.addEventListener("pointerdown", () => screen.focus({ preventScroll: true }));
    this.wireToolbar();
  }

  /** Shows the machine and starts it; resolves false when it could not start, after telling why. */
  async run(machine: Machine, title: string): Promise<void> {
    this.dispose();
    this.machine = machine;
    this.title = title;
    this.shown.clear();
    byId("name").textContent = title;
    byId("machine-notice").replaceChildren();
    document.body.dataset.view = "machine";
    byId("boot").hidden = true;
    this.root.hidden = false;
    const { config } = machine;
    this.discName = config.drives[machine.discDrive]?.file.split("/").pop() ?? "";
    this.tabs = new ConsoleTabs({
      machine,
      serialPorts: serialPorts(config).length,
      hasScreen: hasVga(config) && config.display !== "none",
      onEscape: () => this.leave(),
    });
    this.status = new StatusLine(machine, (text) => this.phaseChanged(text));
    this.listen(machine);
    this.keepAlive.watch(machine);
    this.status.start();
    await machine.start();
    this.showScreen();
    this.status.start();
    this.tabs.focus();
  }

  /** Puts the boot card back. */
  close(): void {
    this.dispose();
    this.root.hidden = true;
    byId("boot").hidden = false;
    document.body.dataset.view = "boot";
    document.title = "Longmode";
  }

  private dispose(): void {
    this.machine?.stop();
    this.machine = undefined;
    this.canvasScreen?.stop();
    this.canvasScreen = undefined;
    this.tabs?.dispose();
    this.status?.stop();
    this.overlay.hidden = true;
  }

  private listen(machine: Machine): void {
    machine.on("state", () => this.stateChanged());
    machine.on("progress", (progress) => {
      this.status?.loading(progress);
      const bar = this.overlay.querySelector("progress");
      if (bar && progress.total > 0) {
        bar.max = progress.total;
        bar.value = progress.loaded;
      }
    });
    machine.on("diskProgress", ({ loaded, total }) =>
      this.status?.loading({ name: "the disk", loaded, total }),
    );
    machine.on("disk", ({ iso }) => {
      if (iso?.problem) this.tell(iso.problem.message);
    });
    machine.on("diskError", ({ message }) => this.tell(message));
    machine.on("stopped", (stopped) => this.stopped(stopped));
    this.stateChanged();
  }

  private showScreen(): void {
    const source = this.machine?.screen.source;
    if (!source || this.tabs?.active === undefined) return;
    this.canvasScreen?.stop();
    this.canvasScreen = new CanvasScreen({ canvas: byId("canvas"), source, scaling: this.scaling });
    this.canvasScreen.start();
  }

  private stateChanged(): void {
    const { machine } = this;
    if (!machine) return;
    const { state } = machine;
    this.overlay.classList.toggle("is-thin", state === "paused");
    const run = byId("run");
    const isRunning = state === "running" || state === "loading";
    run.replaceChildren(
      icon(isRunning ? "pause" : "play"),
      el("span", {}, isRunning ? "Pause" : state === "off" ? "Start" : "Continue"),
    );
    (run as HTMLButtonElement).disabled = state === "loading";
    for (const id of ["disc-menu", "keys-menu", "mouse"])
      byId<HTMLButtonElement>(id).disabled = state === "off";
    this.labelButtons();
    if (state === "loading")
      this.cover("Getting ready", "", [], el("progress", { "aria-label": "Loading" }));
    else if (state === "paused") {
      this.cover("Paused", "", [{ label: "Continue", run: () => this.toggleRun() }]);
    } else if (state === "running") this.overlay.hidden = true;
  }

  private stopped(stopped: Stopped): void {
    this.canvasScreen?.stop();
    this.mouse.release();
    this.canvasScreen?.draw(0);
    const [head, text] = stopText(stopped);
    this.cover(head, text, [
      { label: "Start again", run: this.options.onAgain },
      { label: "Something else", run: this.options.onBack },
    ]);
    this.overlay.querySelector<HTMLElement>("button")?.focus();
  }

  private cover(head: string, text: string, actions: NoticeAction[], extra?: HTMLElement): void {
    const buttons = actions.map(({ label, run }, index) =>
      el(
        "button",
        { type: "button", class: index === 0 ? "primary" : "secondary", onclick: run },
        label,
      ),
    );
    this.overlay.replaceChildren(el("h2", {}, head));
    if (text) this.overlay.append(el("p", {}, text));
    if (extra) this.overlay.append(extra);
    if (buttons.length > 0)
      this.overlay.append(el("div", { class: "overlay-actions" }, ...buttons));
    this.overlay.hidden = false;
  }

  private phaseChanged(text: string): void {
    document.title = `${this.title} · ${text} · Longmode`;
    if (text !== "Nothing to boot") return;
    const choose = { label: "Choose an ISO…", run: () => void this.insertDisc() };
    this.tell(
      "The firmware found nothing to boot from: neither the disc nor a disk has a boot loader for a PC with BIOS.",
      [choose],
    );
  }

  /** A sentence over the stage, once per sentence. */
  tell(message: string, actions: NoticeAction[] = []): void {
    if (this.shown.has(message)) return;
    this.shown.add(message);
    byId("machine-notice").append(notice(message, actions, () => this.shown.delete(message)));
  }

  hint(text: string): void {
    const toast = byId("hint");
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => {
      toast.hidden = true;
    }, HINT_MS);
  }

  private screenFocused(): void {
    if (this.machine?.state !== "running") return;
    this.status?.setCapture(`Keyboard is in the PC · ${ESCAPE_CHORD} gives it back`);
    if (this.wasToldToLeave) return;
    this.wasToldToLeave = true;
    this.hint(`What you type goes into the PC. ${ESCAPE_CHORD} gives keyboard and mouse back.`);
  }

  /** Keyboard and mouse belong to the page again. */
  private leave(): void {
    this.mouse.release();
    this.keyboard.releaseAll();
    this.tabs?.leave();
  }

  private captured(isCaptured: boolean): void {
    if (isCaptured) this.hint(`The mouse is in the PC. Esc or ${ESCAPE_CHORD} gives it back.`);
    this.status?.setCapture(isCaptured ? `Mouse is in the PC · ${ESCAPE_CHORD} gives it back` : "");
  }

  private toggleRun(): void {
    const { machine } = this;
    if (machine?.state === "off") this.options.onAgain();
    else if (machine?.state === "paused") {
      machine.resume();
      this.tabs?.focus();
    } else machine?.pause();
  }

  private wireToolbar(): void {
    byId("run").onclick = () => this.toggleRun();
    byId("fullscreen").onclick = () => void this.toggleFullscreen();
    byId("share").onclick = () => void this.options.onShare().then((text) => this.hint(text));
    byId("mouse").onclick = () => this.toggleMouse();
    attachMenu(byId("power-menu"), () => this.powerMenu());
    attachMenu(byId("disc-menu"), () => this.discMenu());
    attachMenu(byId("keys-menu"), () => this.keysMenu());
    attachMenu(byId("view-menu"), () => this.viewMenu());
    this.labelButtons();
    document.addEventListener("fullscreenchange", () => {
      byId("fullscreen").setAttribute("aria-pressed", String(document.fullscreenElement !== null));
    });
  }

  /** Names for when only the icons are shown. */
  private labelButtons(): void {
    for (const button of this.root.querySelectorAll<HTMLElement>(".toolbar-actions > button")) {
      const name = button.querySelector("span")?.textContent ?? "";
      button.title = name;
      button.setAttribute("aria-label", name);
    }
  }

  private powerMenu(): MenuEntry[] {
    const { machine } = this;
    if (!machine || machine.state === "off") {
      return [
        { label: "Start", run: this.options.onAgain },
        { label: "Something else", run: this.options.onBack },
      ];
    }
    return [
      { label: "Shut down", detail: "power button", run: () => this.pressPower() },
      { label: "Reset", detail: "reset button", run: () => machine.reset() },
      null,
      {
        label: "Force off…",
        detail: "pulls the plug",
        isDanger: true,
        run: () => void this.forceOff(),
      },
    ];
  }

  private pressPower(): void {
    this.machine?.pressPowerButton();
    this.hint("The power button is pressed: a system that knows ACPI shuts down now.");
    this.tabs?.focus();
  }

  private async forceOff(): Promise<void> {
    const text = "What runs in the PC gets no chance to save anything.";
    if (await confirmed("Force off?", text, "Force off")) this.machine?.stop();
  }

  private discMenu(): MenuEntry[] {
    const { machine } = this;
    if (!machine || machine.discDrive < 0) return ["This PC has no CD-ROM drive."];
    return [
      this.discName ? `In the drive: ${this.discName}` : "The drive is empty.",
      null,
      { label: "Insert an ISO…", run: () => void this.insertDisc() },
      {
        label: "Eject",
        isDisabled: this.discName === "",
        run: () => void this.changeDisc(undefined),
      },
    ];
  }

  private async insertDisc(): Promise<void> {
    const [file] = await chooseFiles(".iso,.img,application/x-iso9660-image");
    if (file) await this.changeDisc(file);
  }

  /** Puts a disc into the drive, or starts anew with it when the machine is off. */
  async changeDisc(file: File | undefined): Promise<void> {
    const { machine } = this;
    if (!machine) return;
    if (machine.state === "off") {
      if (file) this.options.onDisc(file);
      return;
    }
    try {
      await machine.changeDisc(file);
      this.discName = file?.name ?? "";
      this.hint(file ? `${file.name} is in the CD-ROM drive.` : "The CD-ROM drive is empty.");
    } catch (error) {
      this.tell(sentenceOf(error));
    }
  }

  private keysMenu(): MenuEntry[] {
    const combination = (label: string, names: string): MenuEntry => ({
      label,
      run: () => {
        this.machine?.sendKeys(names);
        this.tabs?.focus();
      },
    });
    const consoles = [1, 2, 3, 4, 5, 6].map((n) => combination(`Ctrl Alt F${n}`, `ctrl-alt-f${n}`));
    return [
      combination("Ctrl Alt Del", "ctrl-alt-delete"),
      combination("Alt Tab", "alt-tab"),
      combination("Alt F4", "alt-f4"),
      combination("Esc", "esc"),
      combination("Print Screen", "print"),
      combination("Super", "meta_l"),
      null,
      ...consoles,
      null,
      { label: "Type the clipboard", run: () => void this.typeClipboard() },
      `${ESCAPE_CHORD} gives keyboard and mouse back to the page.`,
    ];
  }

  private async typeClipboard(): Promise<void> {
    try {
      const text = await navigator.clipboard.readText();
      this.tabs?.focus();
      await this.machine?.sendText(text);
    } catch {
      this.hint("The browser does not let this page read the clipboard.");
    }
  }

  private toggleMouse(): void {
    this.mouse.isArmed = !this.mouse.isArmed;
    byId("mouse").setAttribute("aria-pressed", String(this.mouse.isArmed));
    if (!this.mouse.isArmed) {
      this.mouse.release();
      this.hint("The mouse stays on the page.");
      return;
    }
    this.tabs?.show("screen");
    this.hint("Click into the screen to give the mouse to the PC.");
  }

  private viewMenu(): MenuEntry[] {
    const choice = (scaling: Scaling, label: string, detail: string): MenuEntry => ({
      label,
      detail,
      isChecked: this.scaling === scaling,
      run: () => this.setScaling(scaling),
    });
    const text = this.machine?.screen.text();
    return [
      choice("fit", "Fit", "fills the window"),
      choice("integer", "Whole pixels", "sharp"),
      choice("1:1", "Actual size", "1:1"),
      null,
      { label: "Save a picture", detail: "PNG", run: () => this.savePicture() },
      {
        label: "Copy the text",
        isDisabled: text === undefined,
        run: () => void this.copyText(text ?? ""),
      },
    ];
  }

  private setScaling(scaling: Scaling): void {
    this.scaling = scaling;
    this.canvasScreen?.setScaling(scaling);
    try {
      localStorage.setItem(SCALING_KEY, scaling);
    } catch {
      // no storage: it lasts as long as the page
    }
  }

  private savePicture(): void {
    byId<HTMLCanvasElement>("canvas").toBlob((blob) => {
      if (blob) saveFile(`${this.title.replace(/[^\w.-]+/g, "-")}.png`, blob);
    });
  }

  private async copyText(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.hint("The text of the screen is on the clipboard.");
    } catch {
      this.hint("The browser does not let this page write to the clipboard.");
    }
  }

  private async toggleFullscreen(): Promise<void> {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
      return;
    }
    try {
      await this.root.requestFullscreen({ navigationUI: "hide" });
    } catch {
      this.hint("The browser does not let this page fill the screen.");
      return;
    }
    // Chromium: Esc, Alt-Tab and the like go to the PC; Esc held down leaves full screen.
    const { keyboard } = navigator as Navigator & { keyboard?: { lock(): Promise<void> } };
    const isLocked = await keyboard?.lock().then(
      () => true,
      () => false,
    );
    this.tabs?.focus();
    this.hint(
      `${isLocked ? "Hold Esc" : "Esc"} leaves full screen. The toolbar is at the top edge.`,
    );
  }
}

function stopText({ reason, message, status }: Stopped): [head: string, text: string] {
  switch (reason) {
    case "power-off":
      return ["Powered off", "The system in the PC has shut down."];
    case "reset":
      return ["Stopped at a reset", "The PC was asked to stop instead of starting anew."];
    case "panic":
      return [
        "Stopped: the system in the PC panicked",
        "Its last words are on the screen or on the serial port.",
      ];
    case "exit":
      return ["Stopped", `The program in the PC ended it with status ${status}.`];
    case "stopped":
      return ["Off", "The plug was pulled."];
    case "failed":
      return ["The PC failed", message ?? "Nothing more is known."];
  }
}

function storedScaling(): Scaling {
  try {
    const stored = localStorage.getItem(SCALING_KEY);
    if (stored === "integer" || stored === "1:1") return stored;
  } catch {
    // no storage
  }
  return "fit";
}
