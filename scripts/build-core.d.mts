export const CORE_WASM: string;
export function buildCore(options?: {
  quick?: boolean;
  say?: (line: string) => void;
}): Promise<string>;
