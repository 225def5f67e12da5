import { seededRandom } from 'golden-pipeline-local-cloud';
import { expect, it } from 'vitest';
import { drawHistory } from './support/episodes.ts';
import { Simulation } from './support/simulation.ts';

/** Seeds that play different things; `npm run simulate` plays others. */
const seeds = [3, 6];

it.each(seeds)(
  'after each operation of history %i the fleet is what the operation says, whatever went wrong meanwhile',
  async (seed) => {
    const history = drawHistory(seed, seededRandom(seed), 4);
    const simulation = await Simulation.create(history);
    try {
      let struck = 0;
      for (const episode of history.episodes) {
        const told = await simulation.play(episode);
        expect(told.violations, told.line).toEqual([]);
        if (told.struck) struck++;
      }
      expect(struck, 'episodes in which something went wrong').toBeGreaterThan(0);
    } finally {
      await simulation.close();
    }
  },
  120_000,
);

it('a seed always draws the same history', () => {
  expect(drawHistory(7, seededRandom(7), 6)).toEqual(drawHistory(7, seededRandom(7), 6));
  expect(drawHistory(8, seededRandom(8), 6)).not.toEqual(drawHistory(7, seededRandom(7), 6));
});
