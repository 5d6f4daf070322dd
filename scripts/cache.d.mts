export const repoRoot: string;
export const cacheRoot: string;
export function cachePath(...parts: string[]): string;
