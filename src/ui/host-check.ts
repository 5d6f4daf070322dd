/**
 * Can this browser run the machine, and if not: why, and what to do, in one sentence. The features are
 * asked for by validating the smallest module that uses each.
 */

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** Type section: one function type () -> (). Function section: one function of it. */
const ONE_FUNCTION = [0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00];

/** A module with a memory (flags as given) and one function of these instructions. */
function moduleOf(memory: number[], code: number[]): Uint8Array<ArrayBuffer> {
  const body = [0x00, ...code, 0x0b];
  const memorySection = [0x05, memory.length + 1, 0x01, ...memory];
  const codeSection = [0x0a, body.length + 2, 0x01, body.length, ...body];
  return new Uint8Array([...HEADER, ...ONE_FUNCTION, ...memorySection, ...codeSection]);
}

const PLAIN_MEMORY = [0x00, 0x01];
const SHARED_MEMORY = [0x03, 0x01, 0x01];

// biome-ignore format: one feature per line
const FEATURES: [name: string, module: Uint8Array<ArrayBuffer>][] = [
  // i32.const 0; i32.const 1; i32.atomic.rmw.add; drop
  ["threads", moduleOf(SHARED_MEMORY, [0x41, 0, 0x41, 1, 0xfe, 0x1e, 0x02, 0x00, 0x1a])],
  // i32.const 0; i8x16.splat; drop
  ["SIMD", moduleOf(PLAIN_MEMORY, [0x41, 0, 0xfd, 0x0f, 0x1a])],
  // i32.const 0 (three times); memory.fill
  ["bulk memory operations", moduleOf(PLAIN_MEMORY, [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0x00])],
];

/** WebAssembly features that are missing, by name. */
export function missingFeatures(): string[] {
  return FEATURES.filter(([, module]) => !WebAssembly.validate(module)).map(([name]) => name);
}

export const ISOLATION_HEADERS =
  "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";

/** What keeps a machine from running in this page: one sentence for the person; undefined when nothing does. */
export function hostProblem(): string | undefined {
  if (typeof WebAssembly !== "object") {
    return "This browser has WebAssembly switched off, in which the PC's processor is made: allow it for this page, or open the page in another browser.";
  }
  const missing = missingFeatures();
  if (missing.length > 0) {
    return `This browser's WebAssembly lacks ${missing.join(" and ")}: update it, or use a current Chrome, Edge, Firefox or Safari.`;
  }
  if (!globalThis.isSecureContext) {
    return "This address is not secure, so the browser gives the page no shared memory: open it over https, or as localhost.";
  }
  if (!globalThis.crossOriginIsolated) {
    return `This page is not isolated from others, so the browser gives it no shared memory: serve it with the headers ${ISOLATION_HEADERS}, and if it sits in a frame, allow "cross-origin-isolated" there.`;
  }
  return undefined;
}
