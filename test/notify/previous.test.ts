import { expect, it } from 'vitest';
import { deliverDue } from '../../src/notify/deliver.ts';
import { deliveryWorld } from './support/delivery-world.ts';
import { released, rolledBack, started } from './support/facts.ts';

const newer = JSON.stringify({ schema: 999 });

it.each([
  ['is damaged', '{"half', 'is damaged'],
  ['was written by a newer program', newer, 'has schema 999'],
])('the end of a run is delivered as one without a start when the record of that %s', async (_, text, problem) => {
  const seen: unknown[] = [];
  const world = deliveryWorld(async ({ occasion }, previous) => void seen.push([occasion, previous]), {
    updates: true,
  });
  await world.add(started);
  await world.add(released);
  await world.store.put(`outbox/all/${started.id}`, text, 'always');
  const reported: string[] = [];
  const onUnreadable = ({ message }: Error) => void reported.push(message);
  await deliverDue({ ...world.deliverer, onUnreadable });
  expect(seen).toEqual([['released', undefined]]);
  expect(await world.outbox.get(released.id)).toMatchObject({ state: 'delivered' });
  expect([...new Set(reported)]).toEqual([
    expect.stringContaining(`the ledger's record outbox/all/${started.id} ${problem}`),
  ]);
});

it('a start is delivered when the record of an end of its run is damaged', async () => {
  const seen: string[] = [];
  const world = deliveryWorld(async ({ occasion }) => void seen.push(occasion), { updates: true });
  await world.add(started);
  await world.store.put(`outbox/all/${released.id}`, '{"half', 'always');
  await deliverDue(world.deliverer);
  expect(seen).toEqual(['started']);
});

it('a damaged record of a later run overtakes nothing, and is reported', async () => {
  const seen: unknown[] = [];
  const world = deliveryWorld(async ({ overtaken }) => void seen.push(overtaken));
  const later = '20261130T121000-bbbb.rolled-back.slack';
  await world.add({ ...rolledBack, id: later });
  await deliverDue(world.deliverer);
  await world.add(released);
  await world.store.put(`outbox/all/${later}`, '{"half', 'always');
  const reported: string[] = [];
  await deliverDue({ ...world.deliverer, onUnreadable: ({ message }) => void reported.push(message) });
  expect(seen).toEqual([undefined, undefined]);
  expect(reported).toEqual([`the ledger's record outbox/all/${later} is damaged`]);
});
