import { expect, it } from 'vitest';
import { createOutbox } from '../../src/ledger/outbox.ts';
import type { Store } from '../../src/ledger/store.ts';
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

it('a mark beside a record that has ended is removed, and one that a killed process has left without a record after a minute', async () => {
  const { outbox, store, clock } = open();
  const orphan = 'outbox/waiting/20261130T120000-ab12.failed.slack';
  await store.put(orphan, JSON.stringify({ at: new Date(clock.now()).toISOString() }), 'always');
  await outbox.add(released, target);
  await (await outbox.claim(id, me))?.finish({ state: 'delivered' });
  await store.put(`outbox/waiting/${id}`, '{"schema":1}', 'always');
  expect(await outbox.waiting()).toEqual([]);
  // Its process may be about to write the record.
  expect(await store.list('outbox/waiting/')).toEqual([orphan]);
  await clock.sleep(60_001);
  expect(await outbox.waiting()).toEqual([]);
  expect(await outbox.countWaiting()).toBe(0);
});

it('a record that is written so late that its mark was dropped is found nevertheless', async () => {
  const { outbox, store, clock } = open();
  const slow: Store = {
    ...store,
    async put(key, text, condition) {
      if (key.startsWith('outbox/all/')) {
        await clock.sleep(61_000);
        await outbox.waiting();
      }
      return store.put(key, text, condition);
    },
  };
  expect(await createOutbox(slow, clock).add(released, target)).toBe(true);
  expect(await outbox.waiting()).toHaveLength(1);
});

it.each(['delete', 'put'] as const)(
  'a replay while the end is written waits, when it comes before the %s',
  async (moment) => {
    const { outbox, store, clock } = open();
    await outbox.add(released, target);
    let replayed = false;
    const replay = async () => {
      if (!replayed) {
        replayed = true;
        await outbox.replay(id);
      }
    };
    const racing: Store = {
      ...store,
      async put(key, text, condition) {
        const put = await store.put(key, text, condition);
        if (moment === 'put' && text.includes('"delivered"')) await replay();
        return put;
      },
      async delete(key) {
        if (moment === 'delete') await replay();
        await store.delete(key);
      },
    };
    await (await createOutbox(racing, clock).claim(id, me))?.finish({ state: 'delivered' });
    expect((await outbox.waiting()).map(({ state }) => state)).toEqual(['waiting']);
  },
);

it('an end whose mark is removed between the two writes of a replay does not hide it', async () => {
  const { outbox, store, clock } = open();
  await outbox.add(released, target);
  await (await outbox.claim(id, me))?.finish({ state: 'failed', endedAt: new Date(clock.now()).toISOString() });
  const racing: Store = {
    ...store,
    async put(key, text, condition) {
      if (key.startsWith('outbox/all/')) await outbox.waiting();
      return store.put(key, text, condition);
    },
  };
  await createOutbox(racing, clock).replay(id);
  expect(await outbox.waiting()).toHaveLength(1);
});

it('a damaged record is reported, and the others are still found', async () => {
  const { outbox, store } = open();
  const other = { ...released, id: '20261130T130000-ab12.released.slack' };
  await outbox.add(released, target);
  await outbox.add(other, target);
  await store.put(`outbox/all/${id}`, '{"half', 'always');
  const reported: string[] = [];
  const report = (error: Error) => void reported.push(error.message);
  expect((await outbox.waiting(report)).map(({ notification }) => notification.id)).toEqual([other.id]);
  expect((await outbox.newest(5, report)).map(({ notification }) => notification.id)).toEqual([other.id]);
  expect(reported).toEqual(Array(2).fill(`the ledger's record outbox/all/${id} is damaged`));
});

it('a damaged record counts as given up once it was met, and one of a newer program waits for that', async () => {
  const { outbox, store } = open();
  const other = { ...released, id: '20261130T130000-ab12.released.slack' };
  await outbox.add(released, target);
  await outbox.add(other, target);
  await store.put(`outbox/all/${id}`, '{"half', 'always');
  await store.put(`outbox/all/${other.id}`, '{"schema":999}', 'always');
  await outbox.waiting();
  expect(await outbox.countWaiting()).toBe(1);
  expect(await outbox.countDead()).toBe(1);
  const reported: string[] = [];
  await outbox.waiting((error) => void reported.push(error.code));
  expect(reported).toEqual(['ledger.newer']);
});

it('one that was given up is counted for a day, or until it is replayed', async () => {
  const { outbox, clock } = open();
  const giveUp = async () =>
    (await outbox.claim(id, me))?.finish({ state: 'failed', endedAt: new Date(clock.now()).toISOString() });
  await outbox.add(released, target);
  await giveUp();
  expect(await outbox.countDead()).toBe(1);
  await outbox.replay(id);
  expect(await outbox.countDead()).toBe(0);
  await giveUp();
  await clock.sleep(24 * 3_600_000 + 1);
  expect(await outbox.countDead()).toBe(0);
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
