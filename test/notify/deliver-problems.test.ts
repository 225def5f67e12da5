import { expect, it } from 'vitest';
import type { Outbox } from '../../src/ledger/outbox.ts';
import { deliverDue } from '../../src/notify/deliver.ts';
import { deliveryWorld } from './support/delivery-world.ts';
import { released, rolledBack } from './support/facts.ts';

const other = { ...released, id: '20261130T120000-ab12.released.webhook' };

it('mistakes in the configuration of an app are the reason why its notification waits, and free it for another process', async () => {
  const world = deliveryWorld(async () => undefined);
  await world.add(released);
  const fleetOf = async () => {
    throw new Error('pipelines/api.ts has 2 mistakes');
  };
  await deliverDue({ ...world.deliverer, fleetOf });
  const record = await world.outbox.get(released.id);
  expect(record).toMatchObject({ state: 'waiting', attempts: 0, reason: 'pipelines/api.ts has 2 mistakes' });
  expect(record?.claim).toBeUndefined();
  await deliverDue(world.deliverer);
  expect(await world.outbox.get(released.id)).toMatchObject({ state: 'delivered' });
});

it('a ledger that fails for one target ends the delivery only when the other targets are done', async () => {
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const world = deliveryWorld(async () => void (await answered));
  await world.add(released);
  await world.add(other, 'webhook');
  const outbox: Outbox = {
    ...world.outbox,
    async claim(id, by) {
      if (id === other.id) return world.outbox.claim(id, by);
      answer();
      throw new Error('the ledger does not answer');
    },
  };
  await expect(deliverDue({ ...world.deliverer, outbox })).rejects.toThrow('the ledger does not answer');
  expect(await world.outbox.get(other.id)).toMatchObject({ state: 'delivered' });
});

it('a record that is damaged after it was found does not hold up what follows it', async () => {
  const seen: string[] = [];
  const world = deliveryWorld(async ({ id }) => void seen.push(id));
  const later = { ...rolledBack, id: '20261130T121000-bbbb.rolled-back.slack', at: '2026-11-30T12:11:00.000Z' };
  await world.add(released);
  await world.add(later);
  const outbox: Outbox = {
    ...world.outbox,
    async waiting() {
      const waiting = await world.outbox.waiting();
      await world.store.put(`outbox/all/${released.id}`, '{"half', 'always');
      return waiting;
    },
  };
  await deliverDue({ ...world.deliverer, outbox });
  expect(seen).toEqual([later.id]);
});

it.each(['fleetOf', 'idsOf'] as const)(
  'nothing is sent that was stopped during %s, and its claim ends',
  async (moment) => {
    const seen: string[] = [];
    const stop = new AbortController();
    const world = deliveryWorld(async ({ id }) => void seen.push(id));
    await world.add(released);
    const fleetOf: typeof world.deliverer.fleetOf = (record) => {
      if (moment === 'fleetOf') stop.abort();
      return world.deliverer.fleetOf(record);
    };
    const idsOf: Outbox['idsOf'] = (target) => {
      if (moment === 'idsOf') stop.abort();
      return world.outbox.idsOf(target);
    };
    const sending = new Set<string>();
    const stopped = { ...world.deliverer, fleetOf, sending, signal: stop.signal, outbox: { ...world.outbox, idsOf } };
    await deliverDue(stopped);
    expect(seen).toEqual([]);
    const record = await world.outbox.get(released.id);
    expect(record).toMatchObject({ state: 'waiting', attempts: 0 });
    expect(record?.claim).toBeUndefined();
  },
);
