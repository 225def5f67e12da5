import { EventEmitter, once } from 'node:events';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listImages } from '../../src/aws/images.ts';
import { execute } from '../../src/engine/execute.ts';
import type { Operation } from '../../src/engine/operation.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { Plan, RunContext, Step } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { pinOperation } from '../../src/retention/operations.ts';
import { planPin } from '../../src/retention/plan-pin.ts';
import type { RollbackOptions } from '../../src/rollback/plan.ts';
import { rollBack } from '../../src/runner/roll-back.ts';
import { type RunReport, runOperation } from '../../src/runner/run-operation.ts';
import { readStatus } from '../../src/status/read.ts';
import { Simulated } from '../support/simulated.ts';
import { runnerOfTest } from './support/runner-context.ts';

let world: Simulated;
/** Active runs: each is over at the end of its test. */
let running: { end(): Promise<unknown> }[] = [];

const versions = async () => {
  const { version, instances } = await readStatus(world.services);
  return [...new Set([version, ...instances.map((one) => one.version)])];
};
/** The instances that a rollback has switched are replaced. */
const replaced = () =>
  world.until(
    async () => (await readStatus(world.services)).refreshes,
    (one) => one.length === 0,
  );

/** Rolls back; what it was refused for is in `error`. */
async function back(request: Partial<RollbackOptions> = {}, { services = world.services, answer = true } = {}) {
  const runner = runnerOfTest(world.clock, 'pipeline fast-rollback api', { answer });
  const done = await rollBack(runner, services, { force: false, ...request }).catch((error: unknown) => {
    if (error instanceof PipelineError) return error;
    throw error;
  });
  const error = done instanceof PipelineError ? done : undefined;
  const report = done instanceof PipelineError ? undefined : done;
  const codes = runner.messages.map((message) => message.code);
  return { error, report, codes, messages: runner.messages, questions: runner.questions };
}
const onAws = () => ({ ...world.services, fleet: { ...world.services.fleet, cloud: 'aws' as const } });
/** What a rollback reports that went all the way by itself. */
const rolledBack = (version: string, previous = expect.any(String)) => ({
  error: undefined,
  report: { by: 'rollback', report: { result: { outcome: 'done' }, summary: { version, previous } } },
});
/** What it reports when the end of the blocking run was enough. */
const preempted = (serving: string) => ({ error: undefined, report: { by: 'preemption', serving } });

/** The same plan, which stays in a step, once that has done its work, until somebody ends the run. */
function staying<State>(plan: Plan<Services, State>, id: string) {
  const at = new EventEmitter();
  const there = once(at, 'arrived');
  const run = async (step: Step<Services, State>, context: RunContext<Services, State>) => {
    await step.run(context);
    at.emit('arrived');
    await new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)));
  };
  const steps = plan.steps.map((step) =>
    step.id === id ? { ...step, run: (context: RunContext<Services, State>) => run(step, context) } : step,
  );
  return { plan: { ...plan, steps }, there };
}

/** Begins a run, and comes back when it is in a step. */
async function begin<State>(operation: Operation<Services, State>, plan: Plan<Services, State>, id: string) {
  const held = staying(plan, id);
  const { services } = world;
  const runner = runnerOfTest(world.clock, `pipeline ${operation.name} api`);
  const ended = runOperation(runner, { operation, services, plan: held.plan });
  const end = async () => {
    const lock = await services.ledger.lockOf('api');
    if (lock) await services.ledger.requestAbort(lock, { by: 'test', reason: 'the end of a test' });
    await ended;
  };
  running.push({ end });
  const over = ended.then(({ result }: RunReport<State>) =>
    Promise.reject(new Error(`the run has ended with ${result.outcome} before it was in ${id}`)),
  );
  await Promise.race([held.there, over]);
  return { outcome: async () => (await ended).result.outcome };
}
const releasing = async (id: string) => begin(releaseOperation, await planRelease(world.services, world.clock, {}), id);

/** Begins a run whose process dies in a step: nothing of it is undone, and nothing more of it reaches its journal. */
async function die<State>(plan: Plan<Services, State>, id: string, command: string): Promise<void> {
  const { services, clock } = world;
  const { ledger } = services;
  const lost = new AbortController();
  const held = staying(plan, id);
  const runId = createRunId(clock);
  const startedAt = new Date(clock.now()).toISOString();
  const { operation } = plan;
  await ledger.saveRun({
    ...{ id: runId, operation, app: 'api', environment: 'local', by: 'ann', host: 'h', steps: [] },
    ...{ startedAt, command },
  });
  const died = execute(held.plan, {
    services,
    clock,
    sink: () => undefined,
    journal: {
      journal: ledger.journal,
      appendJournal: async (...entry) => (lost.signal.aborted ? undefined : ledger.appendJournal(...entry)),
    },
    runId,
    signal: new AbortController().signal,
    lost: lost.signal,
  });
  await held.there;
  lost.abort(new Error('its process died'));
  await died;
}

/** Versions whose image is pinned. */
async function pinned() {
  const { aws, fleet } = world.services;
  const images = await listImages(aws.ec2, fleet.app, fleet.environment);
  return images.filter((one) => one.pinned).map((one) => one.version);
}

async function release(): Promise<void> {
  const result = await world.run(await planRelease(world.services, world.clock, {}));
  expect(result.error).toBeUndefined();
}

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  for (const _ of [1, 2, 3]) await release();
}, 60_000);
afterEach(async () => {
  for (const one of running) await one.end();
  running = [];
});
afterAll(() => world?.close());

describe('a release that blocks a rollback', () => {
  it.each<[Partial<RollbackOptions>, string]>([
    [{ version: 'v99' }, 'rollback.unknown-version'],
    [{ version: 'v2', method: 'switch' }, 'rollback.method-unavailable'],
  ])(
    'continues when the rollback %o would be refused',
    async (request, code) => {
      await releasing('stage');
      const refused = await back(request);
      expect(refused.error).toMatchObject({ code });
      expect(refused.messages).toEqual([
        expect.objectContaining({
          code: 'rollback.refused',
          blocking: expect.objectContaining({ lock: expect.anything() }),
        }),
      ]);
      expect((await world.services.ledger.lockOf('api'))?.command).toContain('release');
      expect(await versions()).toEqual(['v3']);
    },
    30_000,
  );

  it('is ended before it has moved traffic, and the version that serves is rolled back, too', async () => {
    const { outcome } = await releasing('stage');
    expect(await back()).toMatchObject(rolledBack('v2', 'v3'));
    expect(await outcome()).toBe('interrupted');
    await replaced();
    expect(await versions()).toEqual(['v2']);
  }, 30_000);

  it('is all that is ended before it has moved traffic, when the version that serves is requested', async () => {
    await releasing('stage');
    expect(await back({ version: 'v2' })).toMatchObject(preempted('v2'));
    expect(await versions()).toEqual(['v2']);
  }, 30_000);

  it('is undone once its version serves: that is the rollback', async () => {
    const { outcome } = await releasing('return-instance');
    expect(await versions()).toHaveLength(2);
    const gone = await back({ method: 'in-place' });
    expect(gone).toMatchObject(preempted('v2'));
    expect(gone.messages).toContainEqual({ code: 'rollback.by-undo', version: expect.any(String), method: 'in-place' });
    expect(gone.codes).toContain('run.preempting');
    expect(await outcome()).toBe('interrupted');
    expect(await versions()).toEqual(['v2']);
  }, 30_000);

  it('is found once: its journal is read once before it is terminated, and once after', async () => {
    const { outcome } = await releasing('return-instance');
    const { ledger } = world.services;
    const lock = await ledger.lockOf('api');
    const reads: string[] = [];
    const counting = {
      ...ledger,
      journal: async (run: string) => {
        if (run === lock?.run) reads.push((await ledger.lockOf('api')) ? 'active' : 'ended');
        return ledger.journal(run);
      },
    };
    expect(await back({}, { services: { ...world.services, ledger: counting } })).toMatchObject(preempted('v2'));
    expect(await outcome()).toBe('interrupted');
    expect(reads).toEqual(['active', 'ended']);
  }, 30_000);
});

describe('a crashed release that blocks a rollback', () => {
  it('is not undone in an AWS account without consent', async () => {
    await die(await planRelease(world.services, world.clock, {}), 'return-instance', 'pipeline release api');
    const asked = await back({}, { services: onAws(), answer: false });
    expect(asked.error).toMatchObject({ code: 'declined' });
    expect(asked.questions).toEqual(['undo the crashed "pipeline release api" by ann and roll back to v2?']);
    expect(await versions()).toHaveLength(2);
    const agreed = await back({}, { services: onAws() });
    expect(agreed).toMatchObject(preempted('v2'));
    expect(agreed.questions).toEqual(asked.questions);
    expect(await versions()).toEqual(['v2']);
  }, 30_000);

  it('has its journal read twice: before it is undone, and under the lock', async () => {
    await die(await planRelease(world.services, world.clock, {}), 'return-instance', 'pipeline release api');
    const { ledger } = world.services;
    const [crashed] = await ledger.runs('api', 1);
    let reads = 0;
    const counting = {
      ...ledger,
      journal: async (run: string) => {
        if (run === crashed?.id) reads++;
        return ledger.journal(run);
      },
    };
    expect(await back({}, { services: { ...world.services, ledger: counting } })).toMatchObject(preempted('v2'));
    expect(reads).toBe(2);
  }, 30_000);
});

describe('other runs that block a rollback', () => {
  it('one that only works on kept images is ended and undone, and then it rolls back', async () => {
    await release();
    const { outcome } = await begin(pinOperation, await planPin(world.services, world.clock, { version: 'v1' }), 'pin');
    expect(await pinned()).toEqual(['v1']);
    expect(await back()).toMatchObject(rolledBack('v2'));
    expect(await outcome()).toBe('interrupted');
    expect(await pinned()).toEqual([]);
    await replaced();
  }, 30_000);

  it('what a crashed pin has changed is undone first', async () => {
    await die(await planPin(world.services, world.clock, { version: 'v1' }), 'pin', 'pipeline images api pin v1');
    expect(await pinned()).toEqual(['v1']);
    const done = await back({ version: 'v1', method: 'rolling' });
    expect(done).toMatchObject(rolledBack('v1'));
    expect(done.messages).toContainEqual({ code: 'undo.started', title: 'Pin the image' });
    expect(await pinned()).toEqual([]);
  }, 30_000);

  it('one that is not preemptible keeps its lock, and the message says how to end it', async () => {
    const { ledger } = world.services;
    const scale = { operation: 'scale', app: 'api', environment: 'local', by: 'ann', host: 'h', steps: [] };
    const id = createRunId(world.clock);
    const command = 'pipeline scale api 8';
    await ledger.saveRun({ ...scale, id, startedAt: new Date(world.clock.now()).toISOString(), command });
    const lock = await ledger.lock('api', { command, run: id });
    try {
      expect((await back({ version: 'v2', method: 'rolling', force: true, supersede: true })).error).toMatchObject({
        code: 'lock.held',
        fix: expect.stringContaining('pipeline abort api'),
      });
    } finally {
      await lock.release();
    }
  }, 30_000);
});
