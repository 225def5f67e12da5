import { expect, it } from 'vitest';
import { type Kills, playKills } from './support/kills.ts';

/** Every change, and every sequel, is played by `npm run simulate -- --kills`. */
const sample: Kills[] = [
  { strategy: 'rolling', request: 'release', sequels: ['resume'], every: 5 },
  { strategy: 'blue-green', request: 'release', sequels: ['resume'], every: 7 },
  { strategy: 'rolling', request: 'fast-rollback', sequels: ['the same command'], every: 2 },
];

it.each(sample)(
  'a $strategy $request whose process was killed at any change is finished by $sequels',
  async (kills) => {
    const lines: string[] = [];
    for await (const { line, violations } of playKills(kills)) {
      expect(violations, line).toEqual([]);
      lines.push(line);
    }
    expect(lines.length).toBeGreaterThan(4);
    // A host whose cleaning was cut off cannot become an image: that one is undone.
    const notDone = lines.filter((line) => !/: done \(/.test(line));
    expect(notDone.filter((line) => !line.includes('may have been cleaned in part'))).toEqual([]);
  },
  120_000,
);

it.each<Kills>([
  { strategy: 'rolling', request: 'release', sequels: ['repair without the ledger'], every: 11 },
  { strategy: 'blue-green', request: 'release', sequels: ['repair without the ledger'], every: 16 },
])(
  'a $strategy $request whose process was killed, and whose ledger is lost, is repaired by what the tags tell',
  async (kills) => {
    const lines: string[] = [];
    for await (const { line, violations } of playKills({ ...kills, points: 4 })) {
      expect(violations, line).toEqual([]);
      lines.push(line);
    }
    expect(lines.filter((line) => /: done \(/.test(line))).toHaveLength(4);
  },
  120_000,
);
