import { readFileSync } from 'node:fs';

/** Connections at once that the process's limit of open files allows (each takes two), 20,000 at the most. */
export function maxConnections(): number {
  const hard = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 4096);
  return Math.max(100, Math.min(20_000, Math.floor((hard - 500) / 2)));
}
