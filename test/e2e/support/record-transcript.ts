import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './world.ts';

/** Recording is on with `RECORD_TRANSCRIPTS=1`: pages then get what was printed, in place of what they show. */
export const isRecording = process.env.RECORD_TRANSCRIPTS === '1';

/** A line of a page, and the number of that line, from 0. */
export interface ShownLine {
  text: string;
  at: number;
}

/**
 * Writes what a command has printed into its page: each shown line becomes the printed one that is most like it, in the order of the
 * page. A line that nothing printed is like stays, and the test fails for it the next time.
 * @param normal What differs from run to run is left out of the comparison.
 */
export async function record(
  page: string,
  shown: readonly ShownLine[],
  streams: readonly string[][],
  normal: (line: string) => string,
): Promise<void> {
  const file = path.join(root, page);
  const text = (await readFile(file, 'utf8')).split('\n');
  const from = streams.map(() => 0);
  for (const { text: line, at } of shown) {
    const candidates = streams.flatMap((lines, stream) =>
      lines.flatMap((printed, index) =>
        index < (from[stream] ?? 0)
          ? []
          : [{ stream, index, printed, likeness: likeness(normal(line), normal(printed)) }],
      ),
    );
    const best = candidates.reduce((a, b) => (b.likeness > a.likeness ? b : a), {
      likeness: 0.4,
      stream: -1,
      index: 0,
      printed: '',
    });
    if (best.stream < 0) continue;
    text[at] = best.printed.trimEnd();
    from[best.stream] = best.index + 1;
  }
  await writeFile(file, text.join('\n'));
}

/** The share of pairs of letters that two texts have in common (the Sørensen-Dice coefficient), from 0 to 1. */
function likeness(one: string, other: string): number {
  if (one === other) return 1;
  const pairs = (text: string) =>
    Array.from({ length: Math.max(0, text.length - 1) }, (_, index) => text.slice(index, index + 2));
  const left = pairs(one);
  const right = pairs(other);
  const common = left.filter((pair) => {
    const at = right.indexOf(pair);
    if (at >= 0) right.splice(at, 1);
    return at >= 0;
  }).length;
  return left.length === 0 ? 0 : (2 * common) / (left.length + right.length + common);
}
