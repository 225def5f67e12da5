import { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import { seededRandom } from 'golden-pipeline-local-cloud';
import { expect, it } from 'vitest';
import type { Notification } from '../../src/ledger/notification.ts';
import { createOutbox, type Outbox } from '../../src/ledger/outbox.ts';
import type { RunRecord } from '../../src/ledger/types.ts';
import { type Deliverer, deliverDue } from '../../src/notify/deliver.ts';
import { DeliveryError } from '../../src/notify/delivery-error.ts';
import { claimMs } from '../../src/notify/limits.ts';
import { endFacts, recordFor, startFacts } from '../../src/notify/notifications.ts';
import type { Target } from '../../src/notify/target.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { notify } from './support/delivery-world.ts';

const hour = 3_600_000;
const runs = 1000;

/** Something that takes notifications, and is down once for 23 hours: what waits since its beginning has an hour left. */
class Peer {
  readonly taken = new Map<string, number>();
  /** How often an answer was lost, or the deliverer was killed before it could write it down. */
  readonly lost = new Map<string, number>();
  readonly #outage: [from: number, to: number];

  constructor(
    readonly clock: VirtualClock,
    readonly random: () => number,
  ) {
    const from = clock.now() + random() * 3 * hour;
    this.#outage = [from, from + 23 * hour];
  }

  async take({ id }: Notification): Promise<{ ts: string }> {
    await this.clock.sleep(this.random() * 2000);
    const now = this.clock.now();
    const [from, to] = this.#outage;
    const down = now >= from && now < to;
    if (down || this.random() < 0.1)
      throw new DeliveryError('failed', 'down', this.random() < 0.2 ? 60_000 : undefined);
    this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
    if (this.random() < 0.05) {
      this.lose(id);
      throw new DeliveryError('failed', 'the answer was lost');
    }
    return { ts: id };
  }

  lose(id: string): void {
    this.lost.set(id, (this.lost.get(id) ?? 0) + 1);
  }
}

/** Of 50 processes one is killed after a target has taken a notification and before that is written. */
function killed(outbox: Outbox, peer: Peer, random: () => number): Outbox {
  return {
    ...outbox,
    async claim(id, by) {
      const claim = await outbox.claim(id, by);
      if (!claim) return undefined;
      const finish: typeof claim.finish = async (end) => {
        if (random() >= 0.02) return claim.finish(end);
        if (end.state === 'delivered') peer.lose(id);
        throw new Error('killed');
      };
      return { ...claim, finish };
    },
  };
}

it('of 1,000 runs whose targets fail at random, none is announced never or twice, unless an answer was lost', async () => {
  const seed = Number(process.env.FC_SEED ?? (process.env.CI ? 1 : Date.now() % 1_000_000));
  const random = seededRandom(seed);
  const clock = new VirtualClock();
  const outbox = createOutbox(createMemoryStore(), clock);
  const peer = new Peer(clock, random);
  const target: Target = {
    to: 'slack',
    events: () => ['started', 'released', 'rolled-back', 'failed', 'scale', 'hold'],
    deliver: (notification) => peer.take(notification),
  };
  const fleet = { app: 'api', environment: 'production', source: { repository: '.', path: '.' }, notify };
  const deliverer = (by: string): Deliverer => ({
    ...{
      clock,
      by,
      random,
      targetOf: () => target,
      fleetOf: async () => fleet,
      readReference: async () => 'token-4711',
    },
    outbox: killed(outbox, peer, random),
  });
  let recorded = 0;
  const record = async (run: RunRecord, facts: ReturnType<typeof startFacts>) => {
    // Whoever ends a run may do it twice: the run itself, and who finds its record without an end.
    for (let times = random() < 0.1 ? 2 : 1; times > 0; times--) {
      recorded += await recordFor(outbox, { app: 'api', notify }, run.id, facts as never);
    }
  };

  const commands: Promise<void>[] = [];
  for (let number = 0; number < runs; number++) {
    const at = new Date(clock.now()).toISOString();
    const run: RunRecord = {
      id: `${at.slice(0, 19).replace(/[-:]/g, '')}-${String(number).padStart(4, '0')}`,
      ...{ operation: 'release', app: 'api', environment: 'production', startedAt: at, by: 'ann', host: 'h' },
      ...{ command: 'pipeline release api', steps: [], version: `v${number + 1}` },
    };
    await record(run, startFacts(run, 'released'));
    // Two processes deliver at once.
    const processes = number % 4 === 0 ? ['ann', 'bob'] : ['ann'];
    commands.push(...processes.map((by) => deliverDue(deliverer(`${by}-${number}`)).catch(() => undefined)));
    await clock.sleep(random() * 240_000);
    const outcome = random() < 0.2 ? 'rolled-back' : 'done';
    const ended = { ...run, outcome, finishedAt: new Date(clock.now()).toISOString() };
    await record(ended, endFacts(ended, { brings: 'released' }));
  }
  await Promise.all(commands);
  for (let passes = 0; passes < 24 * 6 && (await outbox.countWaiting()) > 0; passes++) {
    await deliverDue(deliverer(`late-${passes}`)).catch(() => undefined);
    await clock.sleep(Math.max(600_000, claimMs));
  }

  const all = await outbox.newest(10_000);
  // Slack is told of the start as well, as it has a token.
  expect({ seed, recorded, ids: new Set(all.map(({ notification }) => notification.id)).size }).toEqual({
    ...{ seed, recorded: runs * 4, ids: runs * 4 },
  });
  expect({ seed, states: [...new Set(all.map(({ state }) => state))] }).toEqual({ seed, states: ['delivered'] });
  expect({ seed, told: peer.taken.size }).toEqual({ seed, told: runs * 4 });
  const unexplained = [...peer.taken].filter(([id, times]) => times - 1 > (peer.lost.get(id) ?? 0));
  expect({ seed, unexplained }).toEqual({ seed, unexplained: [] });
  const twice = [...peer.taken.values()].reduce((sum, times) => sum + times - 1, 0);
  const lost = [...peer.lost.values()].reduce((sum, times) => sum + times, 0);
  // Each lost answer is one more delivery, and nothing else is.
  expect({ seed, twice }).toEqual({ seed, twice: lost });
}, 60_000);
