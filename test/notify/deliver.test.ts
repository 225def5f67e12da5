import { expect, it } from 'vitest';
import type { Outbox } from '../../src/ledger/outbox.ts';
import { deliverDue } from '../../src/notify/deliver.ts';
import { DeliveryError } from '../../src/notify/delivery-error.ts';
import { attemptLimitMs } from '../../src/notify/limits.ts';
import { deliveryWorld } from './support/delivery-world.ts';
import { failed, released, rolledBack, started } from './support/facts.ts';

const fails = async (): Promise<undefined> => {
  throw new DeliveryError('failed', 'slack.com answered 503');
};

it('what fails is tried again with pauses that double, and is delivered when the target is back', async () => {
  let down = true;
  const world = deliveryWorld(async () => (down ? fails() : { ts: '1' }));
  await world.add(released);
  const pauses: number[] = [];
  for (let attempt = 1; attempt <= 4; attempt++) {
    await deliverDue(world.deliverer);
    const record = await world.outbox.get(released.id);
    expect(record).toMatchObject({ state: 'waiting', attempts: attempt, reason: 'slack.com answered 503' });
    pauses.push(Date.parse(record?.nextAt ?? '') - world.clock.now());
    await world.clock.sleep(pauses.at(-1) ?? 0);
  }
  expect(pauses).toEqual([10_000, 20_000, 40_000, 80_000]);
  down = false;
  await deliverDue(world.deliverer);
  expect(await world.outbox.get(released.id)).toMatchObject({ state: 'delivered', attempts: 5, receipt: { ts: '1' } });
  expect((await world.outbox.get(released.id))?.reason).toBeUndefined();
});

it('the pause that a target asks for is kept', async () => {
  const world = deliveryWorld(async () => {
    throw new DeliveryError('failed', 'slack.com answered 429', 120_000);
  });
  await world.add(released);
  await deliverDue(world.deliverer);
  expect(Date.parse((await world.outbox.get(released.id))?.nextAt ?? '') - world.clock.now()).toBe(120_000);
});

it('a target that neither answers nor fails is left alone in time for the claim, and tried again', async () => {
  const world = deliveryWorld(() => new Promise(() => undefined));
  const begin = world.clock.now();
  await world.add(released);
  await deliverDue(world.deliverer);
  expect(world.clock.now() - begin).toBe(attemptLimitMs);
  const record = await world.outbox.get(released.id);
  expect(record).toMatchObject({ state: 'waiting', attempts: 1, reason: 'not delivered within 30 s' });
  expect(record?.claim).toBeUndefined();
});

it('what a target refuses fails at once, with the reason', async () => {
  const world = deliveryWorld(async () => {
    throw new DeliveryError('refused', 'Slack answered: channel_not_found');
  });
  await world.add(released);
  await deliverDue(world.deliverer);
  expect(await world.outbox.get(released.id)).toMatchObject({
    state: 'failed',
    attempts: 1,
    reason: 'Slack answered: channel_not_found',
  });
});

it('after 24 hours it has failed, with the last reason', async () => {
  const world = deliveryWorld(fails);
  await world.add(released);
  await deliverDue(world.deliverer);
  await world.clock.sleep(24 * 3_600_000 + 1);
  await deliverDue(world.deliverer);
  expect(await world.outbox.get(released.id)).toMatchObject({
    state: 'failed',
    reason: 'not delivered within 24 h: slack.com answered 503',
  });
});

it('a computer without the token leaves it to another one, at once', async () => {
  const world = deliveryWorld(async () => ({ ts: '1' }));
  await world.add(released);
  const readReference = async () => {
    throw new Error('SLACK_TOKEN is not set on this computer');
  };
  await deliverDue({ ...world.deliverer, readReference });
  expect(await world.outbox.get(released.id)).toMatchObject({
    state: 'waiting',
    attempts: 0,
    reason: 'SLACK_TOKEN is not set on this computer',
  });
  await deliverDue(world.deliverer);
  expect(await world.outbox.get(released.id)).toMatchObject({ state: 'delivered' });
});

it('the end of a run gets what the target has answered to its start', async () => {
  const seen: unknown[] = [];
  const world = deliveryWorld(async ({ occasion }, previous) => {
    seen.push([occasion, previous]);
    return { ts: occasion };
  });
  await world.add(started);
  await deliverDue(world.deliverer);
  await world.add(released);
  await deliverDue(world.deliverer);
  expect(seen).toEqual([
    ['started', undefined],
    ['released', { ts: 'started' }],
  ]);
});

it('a start that was not delivered before the run ended is left out where one message tells both', async () => {
  const seen: string[] = [];
  const record = async ({ occasion }: { occasion: string }) => {
    seen.push(occasion);
    return undefined;
  };
  const one = deliveryWorld(record, { updates: true });
  await one.add(started);
  await one.add(failed);
  await deliverDue(one.deliverer);
  expect(seen).toEqual(['failed']);
  expect(await one.outbox.get(started.id)).toMatchObject({ state: 'superseded' });
  const two = deliveryWorld(record);
  await two.add(started);
  await two.add(failed);
  await deliverDue(two.deliverer);
  expect(seen).toEqual(['failed', 'started', 'failed']);
});

it('the end of a run waits while another process delivers its start', async () => {
  const world = deliveryWorld(async () => ({ ts: '1' }), { updates: true });
  await world.add(started);
  const claim = await world.outbox.claim(started.id, { by: 'bob@ci', ms: 60_000 });
  await world.add(released);
  await deliverDue(world.deliverer);
  expect(await world.outbox.get(released.id)).toMatchObject({ state: 'waiting', attempts: 0 });
  await claim?.finish({ state: 'delivered', receipt: { ts: '7' } });
  await world.clock.sleep(10_000);
  await deliverDue(world.deliverer);
  expect(await world.outbox.get(released.id)).toMatchObject({ state: 'delivered' });
});

it('a target that was taken out of the configuration fails, and an app of another project is left alone', async () => {
  const world = deliveryWorld(async () => undefined);
  await world.add({ ...released, id: '20261130T120000-ab12.released.teams' }, 'teams');
  await world.add({ ...released, id: '20261130T120000-ab12.released.other' }, 'slack', 'web');
  await deliverDue(world.deliverer);
  expect(await world.outbox.get('20261130T120000-ab12.released.teams')).toMatchObject({
    state: 'failed',
    reason: 'api has no target teams any more',
  });
  expect(await world.outbox.get('20261130T120000-ab12.released.other')).toMatchObject({
    state: 'waiting',
    attempts: 0,
  });
});

const [v42, v41] = [
  { ...released, id: '20261130T120000-aaaa.released.slack', at: '2026-11-30T12:06:00.000Z' },
  { ...rolledBack, id: '20261130T121000-bbbb.rolled-back.slack', at: '2026-11-30T12:11:00.000Z' },
];

it('nothing overtakes what has failed, is not due yet, or is claimed by another process', async () => {
  let down = true;
  const seen: string[] = [];
  const world = deliveryWorld(async ({ id }) => (down ? fails() : void seen.push(id)));
  await world.add(v42);
  await world.add(v41);
  await deliverDue(world.deliverer);
  down = false;
  await deliverDue(world.deliverer);
  expect(seen).toEqual([]);
  await world.clock.sleep(10_000);
  const claim = await world.outbox.claim(v42.id, { by: 'bob@ci', ms: 60_000 });
  await deliverDue(world.deliverer);
  expect(seen).toEqual([]);
  await claim?.finish({});
  await deliverDue(world.deliverer);
  expect(seen).toEqual([v42.id, v41.id]);
});

it('what a target refuses, or another process has ended meanwhile, does not hold up what follows it', async () => {
  const seen: string[] = [];
  const world = deliveryWorld(async ({ id }) => {
    if (id === v42.id) throw new DeliveryError('refused', 'too long');
    seen.push(id);
    return undefined;
  });
  await world.add(started);
  await world.add(v42);
  await world.add(v41);
  const outbox: Outbox = {
    ...world.outbox,
    async waiting() {
      const waiting = await world.outbox.waiting();
      const claim = await world.outbox.claim(started.id, { by: 'bob@ci', ms: 60_000 });
      await claim?.finish({ state: 'delivered' });
      return waiting;
    },
  };
  await deliverDue({ ...world.deliverer, outbox });
  expect(seen).toEqual([v41.id]);
});

it('a failure after a success is tried again at once, and three in succession, or a pause that the target wants, end that', async () => {
  const attempts: string[] = [];
  const errors = [undefined, new DeliveryError('failed', 'lost'), undefined];
  const world = deliveryWorld(async ({ occasion }) => {
    attempts.push(occasion);
    const error = attempts.length > 3 ? new DeliveryError('failed', '503') : errors[attempts.length - 1];
    if (error) throw error;
    return undefined;
  });
  await world.add(started);
  await world.add(v42);
  await world.add(v41);
  await deliverDue(world.deliverer);
  expect(attempts).toEqual(['started', 'released', 'released', 'rolled-back', 'rolled-back', 'rolled-back']);
  expect(await world.outbox.get(v41.id)).toMatchObject({ state: 'waiting', attempts: 3 });
});

it('an end that a later one has overtaken is delivered as out of date, whether that waits behind it or was delivered before', async () => {
  const seen: unknown[] = [];
  const world = deliveryWorld(async ({ id, overtaken = false, undo }) => void seen.push([id, overtaken, undo]));
  await world.add(v42);
  await world.add(v41);
  await deliverDue(world.deliverer);
  await world.outbox.replay(v42.id);
  await deliverDue(world.deliverer);
  expect(seen).toEqual([
    [v42.id, true, undefined],
    [v41.id, false, v41.undo],
    [v42.id, true, undefined],
  ]);
});

it('one target that is down does not keep the others from being told', async () => {
  const world = deliveryWorld(async ({ id }) => (id.endsWith('slack') ? fails() : undefined));
  await world.add(released);
  await world.add({ ...released, id: '20261130T120000-ab12.released.webhook' }, 'webhook');
  await deliverDue(world.deliverer);
  expect(await world.outbox.countWaiting()).toBe(1);
});
