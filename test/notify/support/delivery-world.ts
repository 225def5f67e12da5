import { sections } from '../../../src/config/schema/pipeline.ts';
import type { Notification, Receipt } from '../../../src/ledger/notification.ts';
import { createOutbox, type Outbox } from '../../../src/ledger/outbox.ts';
import type { Deliverer } from '../../../src/notify/deliver.ts';
import type { Target } from '../../../src/notify/target.ts';
import { instantClock } from '../../support/instant-clock.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

export const notify = sections.notify.parse({
  targets: [
    { to: 'slack', token: 'env:TOKEN', channel: '#deploys' },
    { to: 'webhook', url: 'https://hooks.example.com/x' },
  ],
});

/** An outbox in memory, and a target that does what a test wants. */
export function deliveryWorld(
  deliver: (notification: Notification, previous: Receipt | undefined) => Promise<Receipt | undefined>,
  { updates = false }: { updates?: boolean } = {},
) {
  const clock = instantClock();
  const store = createMemoryStore();
  const outbox: Outbox = createOutbox(store, clock);
  const target: Target = {
    to: 'slack',
    updates,
    events: () => ['released'],
    deliver: (one, before) => deliver(one, before),
  };
  const fleet = { app: 'api', environment: 'production', source: { repository: '.', path: '.' }, notify };
  const deliverer: Deliverer = {
    ...{ clock, outbox, by: 'ann@laptop', random: () => 0 },
    fleetOf: async ({ configuredBy }) => (configuredBy === 'api' ? fleet : undefined),
    readReference: async () => 'xoxb-4711-verysecret',
    targetOf: () => target,
  };
  const add = (notification: Notification, name = 'slack', configuredBy = 'api') =>
    outbox.add(notification, { name, configuredBy });
  return { clock, store, outbox, deliverer, add };
}
