import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Connection, Outage, RemoteService } from '../../src/engine/connection.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import { Interrupted } from '../../src/engine/interrupt.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { Store } from '../../src/ledger/store.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { abort } from '../../src/runner/abort.ts';
import { recoverFirst } from '../../src/runner/recover-first.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { runnerOfTest } from '../runner/support/runner-context.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { firstRelease, Simulated } from '../support/simulated.ts';

const minute = 60_000;
let world: Simulated;

beforeEach(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterEach(() => world?.close());

const second = firstRelease.map((line) => line.replace('v1', 'v2'));
type Fault = Parameters<Simulated['cloud']['faults']['add']>[0];

/** Releases v2; `when` is called at each event. */
async function release(when: (event: RunEvent, runner: ReturnType<typeof runnerOfTest>) => void) {
  const { services, clock } = world;
  const runner = runnerOfTest(clock, 'pipeline release api');
  const openEvents = runner.reporter.openEvents;
  runner.reporter.openEvents = async () => {
    const events = await openEvents();
    return {
      ...events,
      emit(event) {
        events.emit(event);
        when(event, runner);
      },
    };
  };
  const plan = await planRelease(services, clock, {});
  const { result } = await runOperation(runner, { operation: releaseOperation, services, plan });
  return {
    result,
    runner,
    events: runner.events,
    of: (code: string) => runner.events.filter((one) => one.code === code),
  };
}

/** Adds a fault once the refresh of the roll has been started. */
const duringRoll = (fault: Fault) => (event: RunEvent) => {
  if (event.code === 'change.outcome' && event.action === 'start-refresh') world.cloud.faults.add(fault);
};

it.each([
  ['10 seconds without a connection', 'network', { kind: 'cut-before', forMs: 10_000 }],
  ['5 minutes without a connection', 'network', { kind: 'cut-before', forMs: 5 * minute }],
  ['5 minutes of lost answers', 'network', { kind: 'cut-after', forMs: 5 * minute }],
  ['5 minutes of throttled calls', 'throttled', { kind: 'error', code: 'Throttling', forMs: 5 * minute }],
  ['5 minutes of internal errors', 'service', { kind: 'error', forMs: 5 * minute }],
  ['5 minutes with expired credentials', 'credentials', { kind: 'error', code: 'ExpiredToken', forMs: 5 * minute }],
] as [string, string, Fault][])('a release goes on after %s during the roll', async (_, kind, fault) => {
  const { result, of } = await release(duringRoll(fault));
  expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
  expect(of('undo.started')).toEqual([]);
  expect(of('connection.lost')[0]).toMatchObject({ step: 'roll', kind });
  expect(of('connection.restored')).toHaveLength(1);
  expect(await world.serving()).toEqual(second);
  expect(await world.services.ledger.release('api', 'v2')).toMatchObject({ state: 'released' });
});

it('a release is rolled back when one call fails and others succeed', async () => {
  world.cloud.faults.add({ kind: 'cut-before', operation: 'CreateImage' });
  const { result, of } = await release(() => undefined);
  expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { message: /^CreateImage failed/ } });
  expect(of('connection.lost')).toEqual([]);
  expect(await world.serving()).toEqual(firstRelease);
});

it('a release that had no connection for longer than the limit stays open, and is undone by an abort', async () => {
  const { services, clock } = world;
  const began = clock.now();
  const { result, runner, of } = await release(duringRoll({ kind: 'cut-before', forMs: 20 * minute }));
  expect(result).toMatchObject({
    outcome: 'manual-intervention',
    error: { code: 'connection.lost' },
    unfinished: true,
  });
  expect(result.leftovers).toEqual([
    expect.stringMatching(/^Roll instances onto the new image: .*no connection to AWS/),
    expect.stringContaining('pipeline abort api'),
  ]);
  expect(of('connection.lost').length).toBeGreaterThan(20);
  expect(clock.now() - began).toBeLessThan(20 * minute);
  expect(await services.ledger.release('api', 'v2')).toMatchObject({ state: 'building' });
  await clock.sleep(20 * minute);
  expect(await abort(runner, services, 'pipeline abort')).toMatchObject({ run: { outcome: 'interrupted' } });
  expect(await world.serving()).toEqual(firstRelease);
  expect(await services.ledger.release('api', 'v2')).toMatchObject({ state: 'failed' });
});

it('Ctrl-C without a connection ends the run at once, and the next release undoes it first', async () => {
  const { services, clock } = world;
  let lost = 0;
  const { result, of, runner } = await release((event, { signals }) => {
    duringRoll({ kind: 'cut-before', forMs: 5 * minute })(event);
    if (event.code !== 'connection.lost') return;
    lost = clock.now();
    signals.emit('SIGINT');
  });
  expect(result).toMatchObject({ outcome: 'manual-intervention', error: new Interrupted('SIGINT'), unfinished: true });
  expect(result.leftovers.at(-1)).toContain('pipeline abort api');
  expect(of('connection.lost')).toHaveLength(1);
  expect(clock.now() - lost).toBeLessThan(30_000);
  await clock.sleep(5 * minute);
  await recoverFirst(runner, services, releaseOperation);
  expect(await world.serving()).toEqual(firstRelease);
  expect((await release(() => undefined)).result).toMatchObject({ outcome: 'done' });
});

it('a run whose lock was taken while it had no connection changes nothing any more', async () => {
  const { clock, cloud } = world;
  const cut = { until: 0 };
  const other = await sharedLedger(cut);
  let taken = Number.POSITIVE_INFINITY;
  const { result } = await release((event) => {
    duringRoll({ kind: 'cut-before', forMs: 5 * minute })(event);
    if (event.code !== 'connection.lost' || cut.until > 0) return;
    cut.until = clock.now() + 5 * minute;
    void clock.sleep(2 * minute).then(async () => {
      await other.lock('api', { command: 'pipeline scale api 3' });
      taken = clock.now();
    });
  });
  expect(result).toMatchObject({
    outcome: 'manual-intervention',
    error: { code: 'lock.lost', message: expect.stringContaining('ben@desk took it for "pipeline scale api 3"') },
  });
  const later = cloud.calls.report({ since: taken }).calls.filter(({ operation }) => !operation.startsWith('Describe'));
  expect(later).toEqual([]);
});

it('a run whose lease ended without a connection renews it when nobody took the lock', async () => {
  const cut = { until: 0 };
  await sharedLedger(cut);
  const { result, of } = await release((event) => {
    duringRoll({ kind: 'cut-before', forMs: 5 * minute })(event);
    if (event.code === 'connection.lost' && cut.until === 0) cut.until = world.clock.now() + 6 * minute;
  });
  expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
  expect(of('connection.restored')).toHaveLength(1);
});

/** Gives the run a ledger that it cannot reach until a time. @returns the same ledger, as another computer has it */
async function sharedLedger(cut: { until: number }): Promise<Ledger> {
  const { services, clock } = world;
  const { connection, ledger } = services;
  const first = await ledger.release('api', 'v1');
  if (!connection || !first) throw new Error('the world has no connection or no release');
  const store = createMemoryStore();
  const of = (owner: string) => ({ environment: 'local', clock, identity: { owner, host: 'desk' } });
  services.ledger = createLedger(
    reachedBy(connection, store, () => clock.now() < cut.until),
    of('anna'),
  );
  await services.ledger.addRelease(first);
  return createLedger(store, of('ben'));
}

/** A store behind the same connection as the cloud, as a bucket is. */
function reachedBy(connection: Connection, store: Store, isCut: () => boolean): Store {
  const outage: Outage = { kind: 'network', reason: 'socket hang up (ECONNRESET)' };
  const service: RemoteService = {
    outageOf: (error) => (error instanceof Error && error.message === 'cut' ? outage : undefined),
    probe: async () => (isCut() ? outage : undefined),
  };
  const call = <T>(work: () => Promise<T>) => {
    const send = () => (isCut() ? Promise.reject(new Error('cut')) : work());
    return connection.call(service, send, { changes: false });
  };
  return {
    get: (key) => call(() => store.get(key)),
    put: (key, text, condition) => call(() => store.put(key, text, condition)),
    list: (prefix) => call(() => store.list(prefix)),
    delete: (key) => call(() => store.delete(key)),
  };
}
