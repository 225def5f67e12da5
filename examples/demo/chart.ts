import type { LoadSecond } from './load.ts';

const blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Draws the share of each version over time, one row a version, at most `width` columns. */
export function versionChart(seconds: LoadSecond[], width = 72): string[] {
  const versions = [...new Set(seconds.flatMap((second) => Object.keys(second.versions)))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const columns = buckets(seconds, Math.min(width, Math.max(1, seconds.length)));
  const label = Math.max(...versions.map((version) => version.length), 0);
  const rows = versions.map((version) => {
    const cells = columns.map((column) => {
      const all = Object.values(column).reduce((sum, count) => sum + count, 0);
      const share = all === 0 ? 0 : (column[version] ?? 0) / all;
      // A version that served at all is never drawn as nothing.
      return blocks[share === 0 ? 0 : Math.max(1, Math.round(share * 8))];
    });
    return `${version.padStart(label)} │${cells.join('')}│`;
  });
  const span = seconds.length > 0 ? `${seconds.length} s` : '';
  return [...rows, `${' '.repeat(label)} └${'─'.repeat(columns.length)}┘ ${span}`];
}

function buckets(seconds: LoadSecond[], count: number): Record<string, number>[] {
  const columns: Record<string, number>[] = Array.from({ length: count }, () => ({}));
  seconds.forEach((second, index) => {
    const column = columns[Math.floor((index * count) / seconds.length)];
    if (!column) return;
    for (const [version, answers] of Object.entries(second.versions))
      column[version] = (column[version] ?? 0) + answers;
  });
  return columns;
}
