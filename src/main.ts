/**
 * The page: reads what its address asks for, shows the boot card or starts at once, and keeps the
 * address in step with what is chosen. `window.longmode` is for scripts and tests: the machine that is
 * shown, with the interface of src/index.ts.
 */
import { ConfigError } from "./machine/keyval";
import { BootCard } from "./ui/boot-card";
import { attachDropTarget } from "./ui/drop-target";
import { hostProblem } from "./ui/host-check";
import { becomeIsolated } from "./ui/isolation";
import { Machine } from "./ui/machine";
import { MachineView } from "./ui/machine-view";
import { PageRequest, type Presets } from "./ui/page-request";
import { warmUpCore } from "./ui/resources";

declare global {
  interface Window {
    longmode: { machine: Machine | undefined } | undefined;
  }
}

async function loadPresets(): Promise<Presets> {
  try {
    const response = await fetch("presets.json");
    return response.ok ? await response.json() : {};
  } catch {
    return {};
  }
}

function main(presets: Presets, hostTrouble: string | undefined): void {
  const read = PageRequest.read(new URLSearchParams(location.search), presets);
  let { request } = read;
  const shown: { machine: Machine | undefined } = { machine: undefined };
  window.longmode = shown;

  const view = new MachineView({
    onAgain: () => void start(),
    onBack: () => {
      view.close();
      request = new PageRequest(presets);
      changed();
      card.fill();
    },
    onShare: share,
    onDisc: (file) => void bootFile(file),
  });
  const card = new BootCard({
    presets,
    request: () => request,
    onChange: changed,
    onStart: () => void start(),
  });

  async function start(): Promise<void> {
    card.clear();
    try {
      const machine = new Machine(request.config(), { files: request.files });
      shown.machine = machine;
      await view.run(machine, request.title);
    } catch (error) {
      view.close();
      card.fill();
      card.tellError(error);
    }
  }

  /** The address always asks for what is chosen, as far as it can. */
  function changed(): void {
    history.replaceState(null, "", address());
  }

  function address(): string {
    const query = request
      .query()
      .toString()
      .replace(/%(2C|2F|3A|3D)/g, (code) => decodeURIComponent(code));
    return location.pathname + (query ? `?${query}` : "");
  }

  async function share(): Promise<string> {
    changed();
    const files = request.localFiles;
    const stays =
      files.length > 0 ? ` ${files.join(", ")} stays here: who opens it chooses their own.` : "";
    try {
      await navigator.clipboard.writeText(location.href);
      return `The address is on the clipboard.${stays}`;
    } catch {
      return `The address bar has the address to share.${stays}`;
    }
  }

  async function bootFile(file: File): Promise<void> {
    view.close();
    await card.boot(file);
  }

  if (hostTrouble) {
    card.disable(hostTrouble);
    return;
  }
  attachDropTarget({
    verb: () => (isOn() ? "insert it as a disc" : "boot it"),
    onFile: (file) => void (isOn() ? view.changeDisc(file) : bootFile(file)),
  });
  function isOn(): boolean {
    const state = shown.machine?.state;
    return state !== undefined && state !== "off";
  }
  if (read.problem) card.tell(read.problem);
  else if (isComplete(request)) void start();
  else warmUpCore();
}

function isComplete(request: PageRequest): boolean {
  try {
    return request.isComplete;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

if (!(await becomeIsolated())) main(await loadPresets(), hostProblem());
