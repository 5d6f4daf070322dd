import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openHostFile } from "../cli/host-file";
import type { BlockNode } from "./node";
import { openDisk } from "./open";
import { type FileLike, openFile } from "./source-file";
import { openHttp } from "./source-http";

const data = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7) ^ (i >> 9));

async function read(node: BlockNode, offset: number, len: number): Promise<Uint8Array> {
  const into = new Uint8Array(len);
  await node.read(offset, into);
  return into;
}

describe("a picked file", () => {
  it("is read where it is", async () => {
    const node = openFile(new File([data], "arch.iso"));
    expect(node.size).toBe(data.length);
    expect(await read(node, 700_001, 5000)).toEqual(data.slice(700_001, 705_001));
  });

  const failing = (name: string): FileLike => ({
    name: "arch.iso",
    size: 1000,
    slice: () => ({
      arrayBuffer: () => Promise.reject(new DOMException("the browser's words", name)),
    }),
  });

  it("that changed says so", async () => {
    await expect(read(openFile(failing("NotReadableError")), 0, 10)).rejects.toMatchObject({
      code: "changed",
      message: expect.stringMatching(/^"arch.iso" was changed .*choose the file again/),
    });
  });

  it("that is gone says so", async () => {
    await expect(read(openFile(failing("NotFoundError")), 0, 10)).rejects.toMatchObject({
      code: "gone",
      message: expect.stringMatching(/^"arch.iso" is no longer there/),
    });
  });

  it("that became shorter is a changed one", async () => {
    const short: FileLike = {
      name: "arch.iso",
      size: 1000,
      slice: () => ({ arrayBuffer: () => Promise.resolve(new ArrayBuffer(10)) }),
    };
    await expect(read(openFile(short), 0, 100)).rejects.toMatchObject({ code: "changed" });
  });
});

describe("a file of the host", () => {
  const folder = mkdtempSync(join(tmpdir(), "block-"));
  const path = join(folder, "disk.img");
  afterAll(() => rmSync(folder, { recursive: true }));
  const host = { openFile: openHostFile };

  it("is written and read in place", async () => {
    writeFileSync(path, data);
    const node = await openDisk({ source: { kind: "host", path } }, host);
    await node.write(1000, Uint8Array.of(1, 2, 3));
    await node.flush();
    expect([...(await read(node, 999, 5))]).toEqual([data[999], 1, 2, 3, data[1003]]);
    await node.close();
  });

  it("stays as it is under -snapshot", async () => {
    writeFileSync(path, data);
    const node = await openDisk({ source: { kind: "host", path }, snapshot: true }, host);
    await node.write(0, Uint8Array.of(1, 2, 3));
    expect([...(await read(node, 0, 3))]).toEqual([1, 2, 3]);
    const again = await openDisk({ source: { kind: "host", path }, readOnly: true }, host);
    expect([...(await read(again, 0, 3))]).toEqual([...data.subarray(0, 3)]);
    await Promise.all([node.close(), again.close()]);
  });

  it("that is cut while in use fails", async () => {
    writeFileSync(path, data);
    const node = await openDisk({ source: { kind: "host", path }, readOnly: true }, host);
    truncateSync(path, 1000);
    await expect(read(node, 900, 200)).rejects.toMatchObject({ code: "changed" });
    await node.close();
  });

  it("that is not there says so", async () => {
    const missing = openDisk({ source: { kind: "host", path: "/nowhere/x.img" } }, host);
    await expect(missing).rejects.toMatchObject({
      code: "not-found",
      message: 'There is no file "/nowhere/x.img": check the path.',
    });
    const directory = openDisk({ source: { kind: "host", path: folder } }, host);
    await expect(directory).rejects.toMatchObject({ code: "not-found" });
  });

  it("of another format is refused unless taken as raw", async () => {
    writeFileSync(path, "QFI\xfb", "latin1");
    await expect(openDisk({ source: { kind: "host", path } }, host)).rejects.toMatchObject({
      code: "unsupported-format",
    });
    const raw = await openDisk({ source: { kind: "host", path }, format: "raw" }, host);
    expect(raw.size).toBe(4);
    await raw.close();
  });
});

describe("an image on a server", () => {
  type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;
  let server: Server;
  let url = "";
  let behave: Behaviour;
  const asked: (string | undefined)[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.headers.range);
      behave(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/images/arch%20linux.iso?x=1`;
  });
  afterAll(() => void server.close());
  afterEach(() => void asked.splice(0));

  /** A server that knows ranges; `change` adds to its headers. */
  const ranges =
    (change: Record<string, string> = {}): Behaviour =>
    (request, response) => {
      const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      if (!match) {
        response.writeHead(200, { "Content-Length": data.length }).end(data);
        return;
      }
      const start = Number(match[1]);
      const end = Math.min(Number(match[2]), data.length - 1);
      response
        .writeHead(206, { "Content-Range": `bytes ${start}-${end}/${data.length}`, ...change })
        .end(data.subarray(start, end + 1));
    };
  const open = (options = {}) => openHttp(url, { retryDelay: 1, ...options });

  it("is read by ranges", async () => {
    behave = ranges();
    const node = await open();
    expect(node.name).toBe("arch linux.iso");
    expect(node.size).toBe(data.length);
    expect(await read(node, 600_000, 1000)).toEqual(data.slice(600_000, 601_000));
    expect(asked.every((range) => range !== undefined)).toBe(true);
    expect(await read(node, 0, 100)).toEqual(data.slice(0, 100));
    expect(asked).toHaveLength(2); // the probe was kept
  });

  it("is downloaded whole from a server without ranges, with progress", async () => {
    behave = (_, response) =>
      void response.writeHead(200, { "Content-Length": data.length }).end(data);
    const steps: [number, number][] = [];
    const node = await open({
      onProgress: (loaded: number, total: number) => steps.push([loaded, total]),
    });
    expect(await read(node, 123_456, 7000)).toEqual(data.slice(123_456, 130_456));
    expect(steps.at(-1)).toEqual([data.length, data.length]);
    expect(asked).toHaveLength(1);
  });

  it("is downloaded whole when the size of ranges is not told", async () => {
    behave = (request, response) => {
      if (!request.headers.range) return ranges()(request, response);
      response.writeHead(206).end(data.subarray(0, 100));
    };
    const node = await open();
    expect(node.size).toBe(data.length);
    expect(asked.at(-1)).toBeUndefined();
  });

  it("that is too large to download whole is refused", async () => {
    behave = (_, response) =>
      void response.writeHead(200, { "Content-Length": data.length }).end(data);
    await expect(open({ downloadLimit: 500_000 })).rejects.toMatchObject({ code: "too-large" });
  });

  it("that is compressed in transit is refused", async () => {
    behave = ranges({ "Content-Encoding": "br" });
    await expect(open()).rejects.toMatchObject({ code: "encoded" });
  });

  it("that is replaced meanwhile is an error, not a mixture", async () => {
    behave = ranges({ ETag: '"one"' });
    const node = await open();
    behave = ranges({ ETag: '"two"' });
    await expect(read(node, 600_000, 10)).rejects.toMatchObject({ code: "changed" });
    behave = ranges({ "Content-Range": `bytes 524288-786431/${data.length + 1}` });
    await expect(read(node, 600_000, 10)).rejects.toMatchObject({ code: "changed" });
  });

  it("that is not there says so", async () => {
    behave = (_, response) => void response.writeHead(404).end();
    await expect(open()).rejects.toMatchObject({ code: "not-found" });
    behave = (_, response) => void response.writeHead(403).end();
    await expect(open()).rejects.toMatchObject({ code: "forbidden" });
  });

  it("is asked again when the server stumbles or the connection breaks", async () => {
    let failures = 2;
    behave = (request, response) => {
      if (failures-- > 0) return void response.writeHead(503).end();
      ranges()(request, response);
    };
    const node = await open();
    let breaks = 1;
    behave = (request, response) => {
      if (breaks-- > 0) return void request.socket.destroy();
      ranges()(request, response);
    };
    expect(await read(node, 600_000, 10)).toEqual(data.slice(600_000, 600_010));
  });

  it("that cannot be reached names the two possible reasons", async () => {
    const unreachable = openHttp("http://127.0.0.1:1/x.iso", { retryDelay: 1 });
    await expect(unreachable).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/does not answer.*Access-Control-Allow-Origin/),
    });
  });

  it("is an empty disk when the file is empty", async () => {
    behave = (_, response) => void response.writeHead(416, { "Content-Range": "bytes */0" }).end();
    expect((await open()).size).toBe(0);
  });
});
