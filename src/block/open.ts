/**
 * From what a person names (a picked file, an address, a path of the host, an empty disk) to a node of
 * the block graph. A SourceSpec is plain data that structured clone carries to the disk worker.
 *
 * Only raw images so far: an image of another format is recognised by its magic and refused, because a
 * guest given the container instead of its contents sees an unpartitioned disk and may format it.
 * `format: "raw"` takes the bytes as they are, as QEMU's option does.
 */
import { BlockError } from "./error";
import type { BlockNode } from "./node";
import { MemoryOverlay } from "./overlay";
import { type FileLike, openFile } from "./source-file";
import { type HostFile, HostNode } from "./source-host";
import { type HttpOptions, openHttp } from "./source-http";

export type SourceSpec =
  | { kind: "file"; file: FileLike }
  | { kind: "http"; url: string }
  | { kind: "host"; path: string }
  | { kind: "blank"; name: string; size: number };

export interface DiskSpec {
  source: SourceSpec;
  /** Undefined: look at the contents. */
  format?: "raw";
  /** A medium that is only read: a CD-ROM, or readonly=on. */
  readOnly?: boolean;
  /** Throw-away writes (-snapshot). A source that cannot be written gets them anyway. */
  snapshot?: boolean;
}

/** What differs between hosts. */
export interface BlockHost {
  /** Opens a file of the host; absent where there are none (a browser). */
  openFile?(path: string, readOnly: boolean): Promise<HostFile>;
  fetch?: HttpOptions["fetch"];
  onProgress?: HttpOptions["onProgress"];
}

export async function openDisk(spec: DiskSpec, host: BlockHost): Promise<BlockNode> {
  const writeThrough = !spec.readOnly && !spec.snapshot;
  const node = await openSource(spec.source, host, !writeThrough);
  try {
    if (spec.format !== "raw") await refuseContainers(node);
  } catch (error) {
    await node.close();
    throw error;
  }
  return spec.readOnly || !node.isReadOnly ? node : new MemoryOverlay(node);
}

async function openSource(
  source: SourceSpec,
  host: BlockHost,
  readOnly: boolean,
): Promise<BlockNode> {
  switch (source.kind) {
    case "file":
      return openFile(source.file);
    case "http":
      return openHttp(source.url, { fetch: host.fetch, onProgress: host.onProgress });
    case "blank":
      return MemoryOverlay.blank(source.name, source.size);
    case "host":
      if (!host.openFile) {
        throw new BlockError(
          "not-found",
          source.path,
          `There are no files by path here: choose "${source.path}" instead.`,
        );
      }
      return new HostNode(await host.openFile(source.path, readOnly));
  }
}

const CONTAINERS: [at: number, magic: string, name: string][] = [
  [0, "QFI\xfb", "qcow2"],
  [0, "KDMV", "VMDK"],
  [0, "conectix", "VHD"],
  [0, "vhdxfile", "VHDX"],
  [0x40, "\x7f\x10\xda\xbe", "VDI"],
];

async function refuseContainers(node: BlockNode): Promise<void> {
  const head = new Uint8Array(512);
  await node.read(0, head);
  const text = String.fromCharCode(...head);
  const found = CONTAINERS.find(([at, magic]) => text.startsWith(magic, at));
  if (!found) return;
  throw new BlockError(
    "unsupported-format",
    node.name,
    `"${node.name}" is a ${found[2]} image, which is not read yet: convert it with qemu-img convert -O raw.`,
  );
}
