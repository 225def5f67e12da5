import { expect, it } from 'vitest';
import { createOutbox } from '../../src/ledger/outbox.ts';
import { released } from '../notify/support/facts.ts';
import { instantClock } from '../support/instant-clock.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const target = { name: 'slack', configuredBy: 'api' };
const me = { by: 'ann@laptop', ms: 60_000 };
const { id } = released;

function open() {
  const store = createMemoryStore();
  const clock = instantClock();
  return { store, clock, outbox: createOutbox(store, clock) };
}

it('a notification is recorded once, whoever records it, also after it was delivered', async () => {
  const { outbox } = open();
  const added = await Promise.all([outbox.add(released, target), outbox.add(released, target)]);
  expect(added.filter(Boolean)).toHaveLength(1);
  expect(await outbox.countWaiting()).toBe(1);
  const claim = await outbox.claim(id, me);
  expect(await claim?.finish({ state: 'delivered', receipt: { ts: '1' } })).toBe(true);
  expect(await outbox.add(released, target)).toBe(false);
  expect(await outbox.countWaiting()).toBe(0);
  expect(await outbox.get(id)).toMatchObject({ state: 'delivered', receipt: { ts: '1' } });
});

it('only one of several processes may deliver it, until the claim ends', async () => {
  const { outbox, clock } = open();
  await outbox.add(released, target);
  const claims = await Promise.all([outbox.claim(id, me), outbox.claim(id, { ...me, by: 'bob@ci' })]);
  const [first] = claims.filter((one) => one !== undefined);
  expect(claims.filter((one) => one !== undefined)).toHaveLength(1);
  expect(await outbox.claim(id, me)).toBeUndefined();
  await clock.sleep(60_001);
  const second = await outbox.claim(id, { ...me, by: 'bob@ci' });
  expect(second?.record.claim?.by).toBe('bob@ci');
  // The first one comes back too late: the second one decides.
  expect(await first?.finish({ state: 'failed' })).toBe(false);
  expect(await second?.finish({ state: 'delivered' })).toBe(true);
  expect((await outbox.get(id))?.claim).toBeUndefined();
});

it('it is not claimed before its next attempt is due', async () => {
  const { outbox, clock } = open();
  await outbox.add(released, target);
  const claim = await outbox.claim(id, me);
  await claim?.finish({ state: 'waiting', nextAt: new Date(clock.now() + 5000).toISOString() });
  expect(await outbox.claim(id, me)).toBeUndefined();
  await clock.sleep(5000);
  expect(await outbox.claim(id, me)).toBeDefined();
});

it('a mark that a killed process has left without a record, or beside one that has ended, is not counted as a notification', async () => {
  const { outbox, store } = open();
  await store.put('outbox/waiting/20261130T120000-ab12.failed.slack', '{"schema":1}', 'always');
  await outbox.add(released, target);
  await (await outbox.claim(id, me))?.finish({ state: 'delivered' });
  await store.put(`outbox/waiting/${id}`, '{"schema":1}', 'always');
  expect(await outbox.waiting()).toEqual([]);
  expect(await store.list('outbox/waiting/')).toEqual(['outbox/waiting/20261130T120000-ab12.failed.slack']);
});

it('a replay has it delivered once more, with a day of its own', async () => {
  const { outbox, clock } = open();
  await outbox.add(released, target);
  await (await outbox.claim(id, me))?.finish({ state: 'failed', reason: 'no', attempts: 3 });
  await clock.sleep(90_000_000);
  expect(await outbox.replay(id)).toMatchObject({
    state: 'waiting',
    attempts: 0,
    recordedAt: new Date(clock.now()).toISOString(),
  });
  expect((await outbox.waiting()).map(({ notification }) => notification.id)).toEqual([id]);
  expect(await outbox.replay('unknown')).toBeUndefined();
});

it('the newest ones come first, and are limited', async () => {
  const { outbox } = open();
  for (const run of ['20261130T120000-aaaa', '20261130T120001-aaaa', '20261130T120002-aaaa']) {
    await outbox.add({ ...released, id: `${run}.released.slack` }, target);
  }
  expect((await outbox.newest(2)).map(({ notification }) => notification.id.slice(0, 15))).toEqual([
    '20261130T120002',
    '20261130T120001',
  ]);
});
