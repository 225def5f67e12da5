import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type OperationTraits, registered } from '../../src/engine/operation.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { abort } from '../../src/runner/abort.ts';
import { operations } from '../../src/runner/operations.ts';
import { recoverFirst } from '../../src/runner/recover-first.ts';
import { rollBack } from '../../src/runner/roll-back.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { die } from '../support/dying.ts';
import { Simulated } from '../support/simulated.ts';
import { runnerOfTest } from './support/runner-context.ts';
import { painted, planToy, toyOperation } from './support/toy-operation.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  for (const _ of [1, 2])
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => painted.clear());

/** A runner that knows the toy by one more entry in the list of operations. */
const runnerWith = (traits: Partial<OperationTraits> = {}) =>
  runnerOfTest(world.clock, 'pipeline toy api', {
    operations: [...operations, registered({ ...toyOperation, ...traits })],
  });

it('runs, is recorded, and shows the command that undoes it', async () => {
  const { services } = world;
  const report = await runOperation(runnerWith(), { operation: toyOperation, services, plan: planToy('red') });
  expect(report).toMatchObject({
    result: { outcome: 'done' },
    summary: { color: 'red' },
    undoCommand: 'pipeline toy api --wash red',
  });
  expect([...painted]).toEqual(['red']);
  expect((await services.ledger.runs('api', 1))[0]).toMatchObject({ operation: 'toy', outcome: 'done' });
});

it('is undone when it is interrupted', async () => {
  const runner = runnerWith();
  const plan = planToy('blue');
  const [first, ...more] = plan.steps;
  if (!first) throw new Error('the toy has no steps');
  const steps = [
    {
      ...first,
      run: async (context: Parameters<typeof first.run>[0]) => {
        await first.run(context);
        runner.signals.emit('SIGINT');
        context.signal.throwIfAborted();
      },
    },
    ...more,
  ];
  const report = await runOperation(runner, {
    operation: toyOperation,
    services: world.services,
    plan: { ...plan, steps },
  });
  expect(report).toMatchObject({ result: { outcome: 'interrupted', leftovers: [] }, received: 'SIGINT' });
  expect(report.undoCommand).toBeUndefined();
  const runs = await world.services.ledger.runs('api');
  expect(runs.find((run) => run.outcome === 'interrupted')).toMatchObject({
    signal: 'SIGINT',
    error: { code: 'run.interrupted' },
  });
  expect(runner.messages).toEqual([expect.objectContaining({ code: 'run.interrupted' })]);
  expect([...painted]).toEqual([]);
});

it('is undone by abort after a crash, unless its work was committed: then the command that undoes it is reported', async () => {
  await die(world, planToy('green'), { at: 'paint', how: 'made' });
  expect([...painted]).toEqual(['green']);
  expect(await abort(runnerWith(), world.services, 'a test')).toMatchObject({
    run: { outcome: 'interrupted', error: { code: 'run.crashed' } },
  });
  expect([...painted]).toEqual([]);
  await die(world, planToy('green'), { at: 'varnish', how: 'finished' });
  const runner = runnerWith();
  await abort(runner, world.services, 'a test');
  const undoCommand = 'pipeline toy api --wash green';
  expect(runner.messages).toContainEqual({ code: 'undo.kept', title: 'Varnish the fleet', undoCommand });
  expect([...painted]).toEqual(['green']);
});

it('after a crash is undone, refused or ignored by a release, as its rules say', async () => {
  await die(world, planToy('pink'), { at: 'paint', how: 'made' });
  const first = (traits: Partial<OperationTraits>) =>
    recoverFirst(runnerWith(traits), world.services, releaseOperation);
  expect(await first({ onInterrupted: 'ignore' })).toBeUndefined();
  await expect(first({ onInterrupted: 'refuse' })).rejects.toMatchObject({ code: 'run.unfinished' });
  expect([...painted]).toEqual(['pink']);
  expect(await first({})).toBeUndefined();
  expect([...painted]).toEqual([]);
});

it('is ended by a rollback only if its rules allow that', async () => {
  const { services } = world;
  const at = new EventEmitter();
  const arrived = once(at, 'arrived');
  const plan = planToy('gold');
  const steps = plan.steps.map((step) => ({
    ...step,
    run: async (context: Parameters<typeof step.run>[0]) => {
      await step.run(context);
      at.emit('arrived');
      await new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)));
    },
  }));
  const running = runOperation(runnerWith(), { operation: toyOperation, services, plan: { ...plan, steps } });
  await arrived;
  const request = { force: false, method: 'rolling' } as const;
  const refused = rollBack(runnerWith({ preemptible: false }), services, request);
  await expect(refused).rejects.toMatchObject({ code: 'lock.held' });
  expect([...painted]).toEqual(['gold']);
  const rolledBack = await rollBack(runnerWith(), services, request);
  expect(rolledBack).toMatchObject({ by: 'rollback', report: { result: { outcome: 'done' } } });
  expect((await running).result.outcome).toBe('interrupted');
  expect([...painted]).toEqual([]);
}, 60_000);
