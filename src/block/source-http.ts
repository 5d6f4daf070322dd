/**
 * An image on a web server, read by HTTP range requests (RFC 9110 section 14). What a server says about
 * itself (HEAD, Accept-Ranges) is often wrong, so the first request is already a range and its answer
 * decides:
 *
 *   206 with a Content-Range that fits   ranges work; its total is the size
 *   206 without a readable Content-Range  (another origin that does not expose it) no size: whole download
 *   200                                   the server ignores Range: the body is the whole download
 *
 * A 206 with Content-Encoding is refused: its offsets count compressed bytes. Afterwards every range is
 * checked for status, position and total, and for the entity tag where it can be seen: a file replaced
 * on the server is an error, never a mixture. Network failures and 5xx are tried again three times.
 */
import { BlockError } from "./error";
import { type BlockNode, lengthWithin, refuseWrite } from "./node";
import { type RandomSource, ReadAheadNode, type ReadAheadOptions } from "./read-ahead";

export interface HttpOptions extends ReadAheadOptions {
  /** The fetch function; given so that tests and hosts can bring their own. */
  fetch?: typeof fetch;
  /** Called during a whole download; `total` is 0 when the server does not say. */
  onProgress?: (loaded: number, total: number) => void;
  /** Largest whole download, which is kept in memory. */
  downloadLimit?: number;
  /** Milliseconds before the second try; doubles. */
  retryDelay?: number;
}

const TRIES = 4;
const PROBE = 256 * 1024;
const DOWNLOAD_LIMIT = 1536 * 1024 * 1024;

export async function openHttp(url: string, options: HttpOptions = {}): Promise<BlockNode> {
  const client = new RangeClient(url, options);
  const response = await client.get(0, PROBE);
  if (response.status === 200) return download(client, response, options);
  if (response.status === 416) return new ChunkedNode(client.name, [], 0); // an empty file has no range 0-
  const range = client.contentRange(response);
  if (!range) {
    await response.body?.cancel();
    return download(client, await client.get(), options);
  }
  client.checkEncoding(response);
  if (range.start !== 0)
    throw client.badAnswer(`it sent bytes from ${range.start} instead of the start`);
  const first = await client.body(response);
  const node = new ReadAheadNode(client.source(range.total), options);
  node.prime(first);
  return node;
}

interface ContentRange {
  start: number;
  total: number;
}

class RangeClient {
  private readonly url: string;
  private readonly options: HttpOptions;
  readonly name: string;
  private tag: string | null = null;

  constructor(url: string, options: HttpOptions) {
    this.url = url;
    this.options = options;
    this.name = fileName(url);
  }

  /** One answered request, tried again while that may help; without `len` the whole file. */
  async get(offset = 0, len?: number): Promise<Response> {
    const headers =
      len === undefined ? undefined : { Range: `bytes=${offset}-${offset + len - 1}` };
    for (let attempt = 1; ; attempt++) {
      const failure = await this.try(headers);
      if (failure instanceof Response) return failure;
      if (attempt === TRIES || failure.code !== "unreachable") throw failure;
      await sleep((this.options.retryDelay ?? 250) * 2 ** (attempt - 1));
    }
  }

  private async try(headers: Record<string, string> | undefined): Promise<Response | BlockError> {
    let response: Response;
    try {
      response = await (this.options.fetch ?? fetch)(this.url, { headers });
    } catch {
      return new BlockError(
        "unreachable",
        this.name,
        `Cannot load ${this.url}: the server does not answer, or does not let other sites read its files ` +
          "(it has to send Access-Control-Allow-Origin). Download the file and choose it here instead.",
      );
    }
    if (response.status < 300 || response.status === 416) return response;
    await response.body?.cancel();
    return this.statusError(response.status);
  }

  private statusError(status: number): BlockError {
    if (status >= 500 || status === 408 || status === 429) {
      return new BlockError(
        "unreachable",
        this.name,
        `The server of ${this.url} answered ${status}: try again later.`,
      );
    }
    if (status === 401 || status === 403) {
      return new BlockError(
        "forbidden",
        this.name,
        `The server does not give ${this.url} to everybody (status ${status}).`,
      );
    }
    return new BlockError(
      "not-found",
      this.name,
      `There is no ${this.url} (status ${status}): check the address.`,
    );
  }

  /** The range that was answered; undefined when this page may not see it or the size is not told. */
  contentRange(response: Response): ContentRange | undefined {
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
    return match ? { start: Number(match[1]), total: Number(match[3]) } : undefined;
  }

  checkEncoding(response: Response): void {
    const encoding = response.headers.get("Content-Encoding");
    if (encoding && encoding !== "identity") {
      throw new BlockError(
        "encoded",
        this.name,
        `The server compresses ${this.url} (${encoding}), so parts of it cannot be read: serve it without Content-Encoding.`,
      );
    }
  }

  badAnswer(what: string): BlockError {
    return new BlockError(
      "bad-answer",
      this.name,
      `The server of ${this.url} is no use as a disk: ${what}.`,
    );
  }

  async body(response: Response): Promise<Uint8Array> {
    this.tag = response.headers.get("ETag");
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch {
      throw this.broken();
    }
  }

  source(size: number): RandomSource {
    return { name: this.name, size, fetch: (offset, len) => this.range(offset, len, size) };
  }

  private async range(offset: number, len: number, size: number): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.get(offset, len);
      const range = response.status === 206 ? this.contentRange(response) : undefined;
      const tag = response.headers.get("ETag");
      const isOther = range !== undefined && (range.total !== size || range.start !== offset);
      if (
        response.status === 200 ||
        response.status === 416 ||
        isOther ||
        (tag && this.tag && tag !== this.tag)
      ) {
        await response.body?.cancel();
        throw new BlockError(
          "changed",
          this.name,
          `${this.url} was replaced on the server while in use: start again.`,
        );
      }
      if (!range) throw this.badAnswer("it stopped saying which bytes it sends");
      this.checkEncoding(response);
      try {
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (bytes.length === len) return bytes;
      } catch {
        // The connection broke in the middle of the body: as a request that failed.
      }
      if (attempt === TRIES) throw this.broken();
    }
  }

  private broken(): BlockError {
    return new BlockError(
      "unreachable",
      this.name,
      `The connection broke while ${this.url} was loading: try again.`,
    );
  }
}

/** The whole file into memory, in pieces as they arrive (one buffer of its size may not be had). */
async function download(
  client: RangeClient,
  response: Response,
  options: HttpOptions,
): Promise<BlockNode> {
  const limit = options.downloadLimit ?? DOWNLOAD_LIMIT;
  const isEncoded = response.headers.has("Content-Encoding"); // then Content-Length counts other bytes
  const total = isEncoded ? 0 : Number(response.headers.get("Content-Length") ?? 0);
  const tooLarge = () =>
    new BlockError(
      "too-large",
      client.name,
      `"${client.name}" is larger than ${Math.round(limit / 2 ** 20)} MiB and its server cannot send parts of it: ` +
        "download it and choose the file here.",
    );
  if (total > limit) {
    await response.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  try {
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      chunks.push(part.value);
      loaded += part.value.length;
      options.onProgress?.(loaded, total);
      if (loaded > limit) {
        await reader?.cancel();
        throw tooLarge();
      }
    }
  } catch (error) {
    if (error instanceof BlockError) throw error;
    throw new BlockError(
      "unreachable",
      client.name,
      `The connection broke while "${client.name}" was loading: try again.`,
    );
  }
  if (total !== 0 && loaded !== total) {
    throw new BlockError(
      "bad-answer",
      client.name,
      `"${client.name}" arrived cut short: ${loaded} of ${total} bytes.`,
    );
  }
  return new ChunkedNode(client.name, chunks, loaded);
}

/** Bytes in memory, in the pieces they came in. */
export class ChunkedNode implements BlockNode {
  readonly isReadOnly = true;
  readonly name: string;
  readonly size: number;
  private readonly chunks: Uint8Array[];
  /** Where each chunk begins. */
  private readonly starts: number[] = [];

  constructor(name: string, chunks: Uint8Array[], size: number) {
    this.name = name;
    this.size = size;
    this.chunks = chunks;
    let start = 0;
    for (const chunk of chunks) {
      this.starts.push(start);
      start += chunk.length;
    }
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    const len = lengthWithin(this.size, offset, into.length);
    into.fill(0, len);
    let at = 0;
    for (let index = len === 0 ? 0 : this.find(offset); at < len; index++) {
      const from = offset + at - this.starts[index];
      const part = this.chunks[index].subarray(from, from + len - at);
      into.set(part, at);
      at += part.length;
    }
    return Promise.resolve();
  }

  write(): Promise<void> {
    return Promise.reject(refuseWrite(this.name));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Index of the chunk that holds byte `offset`. */
  private find(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function fileName(url: string): string {
  const path = url.split(/[?#]/, 1)[0];
  const last = path.slice(path.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last) || url;
  } catch {
    return last;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
