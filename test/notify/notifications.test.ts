import { expect, it } from 'vitest';
import { sections } from '../../src/config/schema/pipeline.ts';
import { createOutbox } from '../../src/ledger/outbox.ts';
import { recordHold } from '../../src/notify/notifications.ts';
import { instantClock } from '../support/instant-clock.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const hold = { environment: 'production', reason: 'sale', by: 'ann@laptop', since: '2026-11-30T12:00:00.000Z' };
const slack = (channel: string, more: object = {}) => ({ to: 'slack', token: 'env:TOKEN', channel, ...more });

async function recorded(apps: Record<string, object>) {
  const outbox = createOutbox(createMemoryStore(), instantClock());
  const fleets = Object.entries(apps).map(([app, notify]) => ({ app, notify: sections.notify.parse(notify) }));
  await recordHold(outbox, fleets, hold);
  return (await outbox.waiting()).map(({ configuredBy, target }) => `${configuredBy} ${target}`).sort();
}

it('a hold of an environment reaches the channel of each team, also when their targets have the same name', async () => {
  expect(await recorded({ api: { targets: [slack('#a')] }, web: { targets: [slack('#b')] } })).toEqual([
    'api slack',
    'web slack',
  ]);
});

it('a hold of an environment is announced once to a target that apps share, whatever they call it', async () => {
  const targets = [slack('#deploys')];
  const named = [slack('#deploys', { name: 'chat', events: ['hold'] })];
  expect(await recorded({ api: { targets }, web: { targets }, jobs: { targets: named } })).toEqual(['api slack']);
});

it('an app that is muted, or whose target is not notified of holds, does not keep another one from being told', async () => {
  const targets = [slack('#deploys')];
  const others = [slack('#deploys', { events: ['released'] })];
  expect(await recorded({ api: { targets, mute: true }, jobs: { targets: others }, web: { targets } })).toEqual([
    'web slack',
  ]);
});
