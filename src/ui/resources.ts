/**
 * Everything a machine needs before it can start, from where it lies: files the person chose (by the
 * name the configuration uses for them), addresses relative to the page, the firmware beside the page.
 * Disks are not read here: the disk worker opens them and reads what the guest asks for.
 */
import type { DiskSpec } from "../block/open";
import { multibootHeader } from "../firmware/multiboot";
import type { DriveConfig, MachineConfig } from "../machine/config";
import { isKernel, type KernelFiles } from "../machine/direct-start";
import { splitCommas } from "../machine/keyval";
import type { MachineFiles } from "../machine/lifecycle";

export type ResourceErrorCode = "missing-firmware" | "missing-core" | "not-found" | "not-a-kernel";

/** Something the machine needs is not there; the message is one sentence for the person. */
export class ResourceError extends Error {
  override readonly name = "ResourceError";
  constructor(
    readonly code: ResourceErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export interface Resources {
  /** Chosen files by the name that the configuration has for them; also firmware by its usual name. */
  files?: ReadonlyMap<string, File>;
  /** Addresses that are not absolute start here; default: the page. */
  base?: string;
  /** The compiled core instead of the one beside this module. */
  core?: WebAssembly.Module;
}

export interface Progress {
  /** What is being loaded: the last part of its address. */
  name: string;
  loaded: number;
  /** 0 when the server does not say. */
  total: number;
}

export const FIRMWARE_FILES = ["bios-256k.bin", "vgabios-stdvga.bin"] as const;

type OnProgress = (progress: Progress) => void;

export class ResourceLoader {
  private readonly base: string;

  constructor(
    private readonly resources: Resources,
    private readonly onProgress: OnProgress,
  ) {
    this.base = resources.base ?? document.baseURI;
  }

  async collect(config: MachineConfig): Promise<MachineFiles> {
    const kernel = config.kernel ? await this.kernel(config) : undefined;
    const [firmware, vgaBios] = await this.firmware(config, kernel !== undefined);
    return {
      firmware,
      vgaBios,
      kernel,
      disks: config.drives.map((drive) => this.diskSpec(config, drive)),
    };
  }

  /** A chosen file, or the address `name` relative to the page. */
  diskSpec(config: MachineConfig, drive: DriveConfig): DiskSpec | undefined {
    if (drive.file === "") return undefined;
    const file = this.resources.files?.get(drive.file);
    return {
      source: file
        ? { kind: "file", file }
        : { kind: "http", url: new URL(drive.file, this.base).href },
      // A CD-ROM is whatever the file holds: an ISO has no magic of a disk image container.
      format: drive.media === "cdrom" ? "raw" : drive.format,
      readOnly: drive.readOnly,
      snapshot: drive.snapshot || config.snapshot,
    };
  }

  /** The core; compiled once per page. */
  async core(): Promise<WebAssembly.Module> {
    if (this.resources.core) return this.resources.core;
    compiled ??= compileCore(this.onProgress).catch((error) => {
      compiled = undefined;
      throw error;
    });
    return compiled;
  }

  private async firmware(
    config: MachineConfig,
    isDirectBoot: boolean,
  ): Promise<[Uint8Array, Uint8Array]> {
    const [biosName, vgaName] = FIRMWARE_FILES;
    if (isDirectBoot) {
      // The kernel needs neither; the video BIOS, if it is there, has the font of the text screen.
      const vgaBios = await this.bytes(`firmware/${vgaName}`, vgaName).catch(
        () => new Uint8Array(0),
      );
      return [new Uint8Array(0), vgaBios];
    }
    if (config.bios) {
      const vgaBios = await this.bytes(`firmware/${vgaName}`, vgaName).catch(
        () => new Uint8Array(0),
      );
      return [await this.bytes(config.bios, config.bios), vgaBios];
    }
    try {
      return await Promise.all([
        this.bytes(`firmware/${biosName}`, biosName),
        this.bytes(`firmware/${vgaName}`, vgaName),
      ]);
    } catch (error) {
      throw new ResourceError(
        "missing-firmware",
        `The PC's firmware is missing on this server (${(error as Error).message.replace(/\.$/, "")}): choose SeaBIOS's ${biosName} and ${vgaName}, which QEMU and Debian's package seabios have.`,
      );
    }
  }

  private async kernel(config: MachineConfig): Promise<KernelFiles> {
    const kernel = await this.bytes(config.kernel, config.kernel);
    if (!isKernel(kernel)) {
      const sentence = `"${config.kernel}" is neither a Linux bzImage nor a Multiboot or PVH kernel.`;
      throw new ResourceError("not-a-kernel", sentence);
    }
    const files: KernelFiles = {
      kernel,
      kernelName: config.kernel,
      modules: [],
      append: config.append,
    };
    if (!config.initrd) return files;
    if (multibootHeader(kernel) < 0) {
      files.initrd = await this.bytes(config.initrd, config.initrd);
      return files;
    }
    for (const text of splitCommas(config.initrd)) {
      const name = text.split(" ")[0];
      files.modules.push({ bytes: await this.bytes(name, name), text });
    }
    return files;
  }

  private async bytes(address: string, name: string): Promise<Uint8Array> {
    const file = this.resources.files?.get(name);
    if (file) {
      try {
        return new Uint8Array(await file.arrayBuffer());
      } catch {
        throw new ResourceError("not-found", `"${name}" can no longer be read: choose it again.`);
      }
    }
    return fetchBytes(new URL(address, this.base).href, this.onProgress);
  }
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** Fetches the core so that it is there when a machine starts. Says nothing when it fails. */
export function warmUpCore(): void {
  compiled ??= compileCore(() => {});
  compiled.catch(() => {
    compiled = undefined;
  });
}

async function compileCore(onProgress: OnProgress): Promise<WebAssembly.Module> {
  const url = new URL("../../build/core.wasm", import.meta.url);
  onProgress({ name: "processor", loaded: 0, total: 0 });
  const response = await fetchOk(url.href).catch((error: Error) => {
    throw new ResourceError(
      "missing-core",
      `The processor (core.wasm) is missing: ${error.message}`,
    );
  });
  // Only this type lets the browser compile while it loads, and keep the result.
  if (response.headers.get("Content-Type") === "application/wasm")
    return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

async function fetchOk(url: string): Promise<Response> {
  const name = shortName(url);
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    const hint =
      new URL(url).origin === location.origin
        ? "the server does not answer"
        : "its server does not answer, or does not allow this page to read it (CORS)";
    throw new ResourceError("not-found", `${name} cannot be loaded: ${hint}.`);
  }
  if (!response.ok) {
    const why =
      response.status === 404 ? "there is no such file" : `the server says ${response.status}`;
    throw new ResourceError("not-found", `${name} cannot be loaded: ${why}.`);
  }
  return response;
}

async function fetchBytes(url: string, onProgress: OnProgress): Promise<Uint8Array> {
  const response = await fetchOk(url);
  const name = shortName(url);
  const total = response.headers.has("Content-Encoding")
    ? 0
    : Number(response.headers.get("Content-Length") ?? 0);
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array(await response.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  onProgress({ name, loaded, total });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    loaded += value.length;
    onProgress({ name, loaded, total });
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function shortName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split("/").pop() || url);
}
