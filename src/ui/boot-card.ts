/**
 * The first screen: one obvious thing to do (choose or drop an ISO), the built-in machines below it, and
 * the form of all options behind "Customise".
 */

import { type IsoReport, isIso } from "../block/iso9660";
import { openFile } from "../block/source-file";
import { buildForm, type CustomiseForm } from "./customise";
import { byId, chooseFiles, el, icon, sizeText } from "./dom";
import { type NoticeAction, notice, sentenceOf } from "./notice";
import type { PageRequest, Presets } from "./page-request";
import { FIRMWARE_FILES, ResourceError } from "./resources";

export interface BootCardOptions {
  presets: Presets;
  request: () => PageRequest;
  /** The request changed. */
  onChange: () => void;
  /** Start what the request says. */
  onStart: () => void;
}

const MBR_SIGNATURE_AT = 510;

export class BootCard {
  private readonly form: CustomiseForm;
  private readonly notices = byId("boot-notice");

  constructor(private readonly options: BootCardOptions) {
    const input = byId<HTMLInputElement>("iso-file");
    byId("choose").onclick = () => input.click();
    input.onchange = () => {
      const file = input.files?.[0];
      input.value = "";
      if (file) void this.boot(file);
    };
    this.form = buildForm(byId<HTMLFormElement>("options"), options.request, options.onChange);
    byId("options").addEventListener("submit", (event) => {
      event.preventDefault();
      if (options.request().isComplete) options.onStart();
      else this.tell("There is nothing to boot yet: choose an ISO, a hard disk or a kernel.");
    });
    this.showPresets();
    this.fill();
  }

  /** Shows the request in the form. */
  fill(): void {
    this.form.fill();
  }

  /** Everything on the card needs what this browser or this address does not give. */
  disable(problem: string): void {
    this.tell(problem);
    for (const button of document.querySelectorAll<HTMLButtonElement>(
      "#boot .card button, #boot .preset, #options button",
    )) {
      button.disabled = true;
    }
  }

  tell(message: string, actions: NoticeAction[] = []): void {
    this.notices.replaceChildren(notice(message, actions));
    this.notices.scrollIntoView({ block: "nearest" });
  }

  clear(): void {
    this.notices.replaceChildren();
  }

  /** Why a machine did not start, with a way out where there is one. */
  tellError(error: unknown): void {
    const actions: NoticeAction[] = [];
    if (error instanceof ResourceError && error.code === "missing-firmware") {
      actions.push({ label: "Choose the firmware…", run: () => void this.chooseFirmware() });
    }
    this.tell(sentenceOf(error), actions);
  }

  /** Looks at the file first: what is no ISO, or cannot boot, is told before a machine is made for it. */
  async boot(file: File): Promise<void> {
    this.clear();
    const start = () => {
      this.options.request().chooseDisc(file);
      this.options.onChange();
      this.options.onStart();
    };
    let report: IsoReport;
    let isDisk = false;
    try {
      const node = openFile(file);
      report = await isIso(node);
      if (!report.isIso) isDisk = await hasBootSector(file);
    } catch (error) {
      this.tell(sentenceOf(error));
      return;
    }
    const { problem } = report;
    if (!problem) {
      start();
      return;
    }
    const other = { label: "Choose another…", run: () => byId("choose").click() };
    if (isDisk)
      this.tell(problem.message, [
        { label: "Use it as a disk", run: () => this.bootDisk(file) },
        other,
      ]);
    else if (report.isIso)
      this.tell(problem.message, [other, { label: "Start anyway", run: start }]);
    else this.tell(problem.message, [other]);
  }

  private bootDisk(file: File): void {
    const request = this.options.request();
    request.presetName = undefined;
    request.set("hda", [request.addFile(file)]);
    this.options.onChange();
    this.options.onStart();
  }

  private async chooseFirmware(): Promise<void> {
    const [bios, vga] = FIRMWARE_FILES;
    const request = this.options.request();
    for (const file of await chooseFiles(".bin,.rom", true)) {
      request.files.set(/vga/i.test(file.name) ? vga : bios, file);
    }
    const missing = FIRMWARE_FILES.filter((name) => !request.files.has(name));
    if (missing.length > 0) {
      this.tell(`Still missing: ${missing.join(" and ")}. Both files can be chosen together.`, [
        { label: "Choose the firmware…", run: () => void this.chooseFirmware() },
      ]);
    } else if (request.isComplete) this.options.onStart();
    else this.clear();
  }

  private showPresets(): void {
    const { presets, request, onChange, onStart } = this.options;
    const cards = Object.entries(presets).map(([name, preset]) =>
      el(
        "button",
        {
          type: "button",
          class: "preset",
          "data-preset": name,
          onclick: () => {
            request().choosePreset(name);
            onChange();
            onStart();
          },
        },
        presetGo(),
        el(
          "span",
          {},
          el("b", {}, `Try ${preset.title}`),
          el("small", {}, `${preset.text} ${sizeText(preset.size)}.`),
        ),
      ),
    );
    byId("presets").replaceChildren(...cards);
    byId("presets").hidden = cards.length === 0;
  }
}

function presetGo(): HTMLElement {
  const go = el("span", { class: "preset-go" });
  go.append(icon("play"));
  return go;
}

/** A disk image with a partition table or boot sector in front. */
async function hasBootSector(file: File): Promise<boolean> {
  const bytes = new Uint8Array(
    await file.slice(MBR_SIGNATURE_AT, MBR_SIGNATURE_AT + 2).arrayBuffer(),
  );
  return bytes[0] === 0x55 && bytes[1] === 0xaa;
}
