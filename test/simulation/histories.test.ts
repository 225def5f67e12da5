import { seededRandom } from 'golden-pipeline-local-cloud';
import { expect, it } from 'vitest';
import { drawHistory } from './support/episodes.ts';
import { playHistory } from './support/play-history.ts';

/** Seeds that play different things; `npm run simulate` plays others. */
const seeds = [3, 6];

it.each(seeds)(
  'after each operation of history %i the fleet is what the operation says, whatever went wrong meanwhile',
  async (seed) => {
    const history = drawHistory(seed, seededRandom(seed), 4);
    const { story, violations, struck } = await playHistory(history);
    expect(violations, story.join('\n')).toEqual([]);
    expect(struck, 'episodes in which something went wrong').toBeGreaterThan(0);
  },
  120_000,
);

it('a seed always draws the same history', () => {
  expect(drawHistory(7, seededRandom(7), 6)).toEqual(drawHistory(7, seededRandom(7), 6));
  expect(drawHistory(8, seededRandom(8), 6)).not.toEqual(drawHistory(7, seededRandom(7), 6));
});
