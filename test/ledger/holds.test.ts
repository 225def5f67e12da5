import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, it } from 'vitest';
import { describeHold, unholdCommand } from '../../src/ledger/holds.ts';
import { folder, open } from './support/bench.ts';

const hour = 3_600_000;

it('keeps a hold until somebody ends it, and who that was', async () => {
  const dir = await folder();
  const { holds } = open(dir);
  const placed = await holds.place({ app: 'api' }, { reason: 'database is being moved', by: 'ann@laptop' });
  expect(await open(dir, undefined, 'bob').holds.inForce('api')).toEqual([placed]);
  expect(await holds.inForce('frontend')).toEqual([]);
  expect(describeHold(placed)).toMatch(
    /^api in local is on hold by ann@laptop since \S+ \("database is being moved"\)$/,
  );
  expect(unholdCommand(placed)).toBe('pipeline unhold api --env local');

  expect(await holds.end({ app: 'api' }, 'bob@desk')).toMatchObject({ ended: { by: 'bob@desk' }, by: 'ann@laptop' });
  expect(await holds.inForce('api')).toEqual([]);
  expect(await holds.end({ app: 'api' }, 'bob@desk')).toBeUndefined();
});

it('stops all apps with a hold of the environment', async () => {
  const { holds } = open(await folder());
  const [sale, own] = [
    await holds.place('environment', { reason: 'sale', by: 'ann@laptop' }),
    await holds.place({ app: 'api' }, { reason: 'incident', by: 'bob@desk' }),
  ];
  expect(await holds.inForce('api')).toEqual([sale, own]);
  expect(await holds.inForce('frontend')).toEqual([sale]);
  expect(describeHold(sale)).toContain('everything in local is on hold');
  expect(unholdCommand(sale)).toBe('pipeline unhold --env local');
});

it('ends a hold at its time, after which another one can be placed', async () => {
  const clock = new ManualClock();
  const { holds } = open(await folder(), clock);
  await holds.place({ app: 'api' }, { reason: 'sale', by: 'ann@laptop', until: clock.now() + hour });
  await clock.advance(hour - 1);
  expect(await holds.inForce('api')).toHaveLength(1);
  await clock.advance(1);
  expect(await holds.inForce('api')).toEqual([]);
  expect(await holds.place({ app: 'api' }, { reason: 'incident', by: 'bob@desk' })).toMatchObject({ by: 'bob@desk' });
});

it('refuses a second one in force, also where two are placed at once', async () => {
  const dir = await folder();
  const place = (by: string) => open(dir, undefined, by).holds.place({ app: 'api' }, { reason: `${by} has it`, by });
  const ended = await Promise.allSettled(['ann', 'bob', 'cleo'].map(place));
  expect(ended.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  const [holder] = await open(dir).holds.inForce('api');
  for (const one of ended) {
    if (one.status === 'fulfilled') continue;
    expect(one.reason).toMatchObject({
      code: 'hold.exists',
      outcome: 'locked',
      fix: expect.stringContaining('unhold api'),
    });
    expect(one.reason.message).toContain(holder?.reason);
  }
});
