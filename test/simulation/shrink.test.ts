import { expect, it } from 'vitest';
import type { Episode, History } from './support/episodes.ts';
import { shrink } from './support/shrink.ts';

const rivaled: Episode = {
  request: 'fast-rollback',
  trouble: { kind: 'rival', number: 2, request: 'images prune' },
};
const history: History = {
  ...{ seed: 1, strategy: 'rolling', instances: 5 },
  episodes: [
    { request: 'release', trouble: { kind: 'fault', number: 3, fault: 'slow' } },
    { request: 'images prune' },
    rivaled,
    { request: 'release --bake builder' },
  ],
};

it('a history that goes wrong is shrunk to the episodes, the trouble and the instances that it needs', async () => {
  let played = 0;
  const shrunk = await shrink(history, async ({ episodes, instances }) => {
    played++;
    const at = episodes.indexOf(rivaled);
    return instances >= 4 && at > 0 && episodes.slice(0, at).some((one) => one.request === 'release');
  });
  expect(shrunk).toEqual({ ...history, instances: 4, episodes: [{ request: 'release' }, rivaled] });
  expect(played).toBeLessThan(30);
});

it('a history that needs everything stays as it is', async () => {
  expect(await shrink(history, async (simpler) => simpler === history)).toBe(history);
});
