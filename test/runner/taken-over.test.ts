import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, it } from 'vitest';
import type { Operation } from '../../src/engine/operation.ts';
import type { Step } from '../../src/engine/step.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { RunnerServices } from '../../src/runner/ports.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { runnerOfTest } from './support/runner-context.ts';

type Moment = 'run' | 'undo';

/** Runs an operation whose lock another process takes in the middle of it; no heartbeat tells. */
async function takenOver(moment: Moment, run: (own: string) => string) {
  const clock = new ManualClock();
  const store = createMemoryStore();
  const ledger = createLedger(store, { environment: 'local', clock, identity: { owner: 'ann', host: 'here' } });
  const take = async () => {
    const lock = JSON.parse((await store.get('locks/api'))?.text ?? '');
    const taken = { ...lock, owner: 'bob', run: run(lock.run), fence: lock.fence + 1 };
    await store.put('locks/api', JSON.stringify(taken), 'always');
  };
  const step: Step<RunnerServices, object> = {
    id: 'paint',
    title: 'Paint the fleet',
    describe: () => [],
    async run(context) {
      await context.change({ action: 'paint', target: 'red' }, async () => (moment === 'run' ? take() : undefined));
      throw new Error('the color is wrong');
    },
    undo: (context) => context.change({ action: 'wash', target: 'red' }, take),
  };
  const hooks: string[] = [];
  const operation: Operation<RunnerServices, object> = {
    ...{ name: 'toy', preemptible: true, changesVersion: false, onInterrupted: 'undo', announces: 'scale' },
    steps: () => [step],
    summary: () => ({}),
    undoCommand: () => undefined,
    afterEnd: () => async () => {
      hooks.push('hook');
      return [];
    },
  };
  let announced = 0;
  const runner = runnerOfTest(clock, 'pipeline toy api', { deliverNotifications: () => void announced++ });
  const fleet = { app: 'api', environment: 'local', cloud: 'local' as const };
  const plan = { ...{ operation: 'toy', app: 'api', environment: 'local' }, steps: [step], initial: {}, described: {} };
  const { result, facts } = await runOperation(runner, { operation, services: { fleet, ledger, by: 'ann' }, plan });
  return { result, record: await ledger.run(facts.run ?? ''), hooks, ends: announced - 1 };
}

it.each<Moment>(['run', 'undo'])(
  'a run that another process goes on with has its end, hooks and announcement from there: taken during %s',
  async (moment) => {
    const { result, record, hooks, ends } = await takenOver(moment, (own) => own);
    expect(result.outcome).toBe('manual-intervention');
    expect(record?.outcome).toBeUndefined();
    expect(record?.endHooks).toBeUndefined();
    expect({ hooks, ends }).toEqual({ hooks: [], ends: 0 });
  },
);

it.each<Moment>(['run', 'undo'])(
  'a run whose lock another run takes is recorded as what is left to undo, and runs no hooks: taken during %s',
  async (moment) => {
    const { record, hooks, ends } = await takenOver(moment, () => '20260101T000000-beef');
    expect(record).toMatchObject({ outcome: 'manual-intervention' });
    expect(record?.endHooks).toBeUndefined();
    expect({ hooks, ends }).toEqual({ hooks: [], ends: 1 });
  },
);
