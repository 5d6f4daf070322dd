export function buildCli(say?: (line: string) => void): Promise<string>;
