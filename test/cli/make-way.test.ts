import { EventEmitter, once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listImages } from '../../src/aws/images.ts';
import { rollBack } from '../../src/cli/commands/fast-rollback.ts';
import { servingFacts } from '../../src/cli/commands/support/serving.ts';
import { operate } from '../../src/cli/operate.ts';
import { execute } from '../../src/engine/execute.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { Plan, RunContext, Step } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planPin } from '../../src/retention/plan-pin.ts';
import { readStatus } from '../../src/status/read.ts';
import { Simulated } from '../support/simulated.ts';
import { fakeContext } from './support/fake-context.ts';

let world: Simulated;
/** Runs under way: each is over at the end of its test. */
let running: { ended: Promise<number>; end(): Promise<unknown> }[] = [];

const context = (...argv: string[]) => fakeContext(argv, { clock: world.clock });
const versions = async () => {
  const { version, instances } = await readStatus(world.services);
  return [...new Set([version, ...instances.map((one) => one.version)])];
};
/** The hosts that a rollback has switched are replaced. */
const converged = () =>
  world.until(
    async () => (await readStatus(world.services)).refreshes,
    (one) => one.length === 0,
  );
const back = async (version?: string, options: Record<string, string | boolean> = {}) => {
  const mine = context('fast-rollback', 'api');
  const services = { ...world.services, ...(options.aws && { fleet: { ...world.services.fleet, cloud: 'aws' } }) };
  const code = await rollBack(mine, services as Services, options, version).catch((error: unknown) => error);
  return { code, out: mine.stdout.text, err: mine.stderr.text };
};

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

/** Begins a run as a command does, and comes back when it is in a step. */
async function begin<State>(plan: Plan<Services, State>, id: string, command: string) {
  const held = staying(plan, id);
  const { services } = world;
  const ended = operate(
    context(command, 'api'),
    {},
    {
      fleet: services.fleet,
      services,
      plan: held.plan,
      describe: (state) => (command === 'release' ? servingFacts(state as never) : {}),
      undoHint: () => undefined,
    },
  );
  const end = async () => {
    const lock = await services.ledger.lockOf('api');
    if (lock) await services.ledger.requestAbort(lock, { by: 'test', reason: 'the end of a test' });
    await ended;
  };
  running.push({ ended, end });
  const over = ended.then((code) => Promise.reject(new Error(`the run has ended with ${code} before it was in ${id}`)));
  await Promise.race([held.there, over]);
  return { ended };
}
const releasing = async (id: string) => begin(await planRelease(world.services, world.clock, {}), id, 'release');

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

describe('a rollback while a release is active', () => {
  it.each([
    ['v99', {}, 'rollback.unknown-version'],
    ['v2', { how: 'switch' }, 'rollback.way-closed'],
  ])(
    'lets the release continue when the rollback to %s %o would be refused',
    async (version, options, code) => {
      await releasing('stage');
      const refused = await back(version, options);
      expect(refused.code).toMatchObject({ code });
      expect(refused.err).toContain('was left alone; to end only that: pipeline abort api');
      expect((await world.services.ledger.lockOf('api'))?.command).toContain('release');
      expect(await versions()).toEqual(['v3']);
    },
    30_000,
  );

  it('ends a release that has moved no traffic, and also rolls back from the version that serves', async () => {
    const { ended } = await releasing('stage');
    expect(await back()).toMatchObject({ code: 0, out: expect.stringContaining('fast-rollback api v2 (before: v3)') });
    expect(await ended).toBe(130);
    await converged();
    expect(await versions()).toEqual(['v2']);
  }, 30_000);

  it('only ends a release that has moved no traffic, when the version that serves is requested', async () => {
    await releasing('stage');
    expect(await back('v2')).toMatchObject({ code: 0, out: expect.stringContaining('; v2 serves on every machine') });
    expect(await versions()).toEqual(['v2']);
  }, 30_000);

  it('undoes a release whose version already serves: that returns to the version before', async () => {
    const { ended } = await releasing('bake');
    expect(await versions()).toHaveLength(2);
    const gone = await back(undefined, { how: 'flip' });
    expect(gone).toMatchObject({ code: 0, out: expect.stringContaining('; v2 serves on every machine') });
    expect(gone.err).toContain('--how flip is for what that leaves');
    expect(await ended).toBe(130);
    expect(await versions()).toEqual(['v2']);
  }, 30_000);

  it('undoes nothing of a crashed release in an AWS account without a question', async () => {
    await die(await planRelease(world.services, world.clock, {}), 'bake', 'pipeline release api');
    const asked = await back(undefined, { aws: true });
    expect(asked.code).toMatchObject({
      code: 'usage.needs-yes',
      message: expect.stringContaining('end what "pipeline release api" of ann has left and go back to v2?'),
    });
    expect(await versions()).toHaveLength(2);
    expect(await back(undefined, { aws: true, yes: true })).toMatchObject({
      code: 0,
      out: expect.stringContaining('; v2 serves on every machine'),
    });
    expect(await versions()).toEqual(['v2']);
  }, 30_000);
});

describe('a rollback while another run holds the lock', () => {
  it('ends and undoes a run that only changes kept images, and then rolls back', async () => {
    await release();
    const { ended } = await begin(await planPin(world.services, world.clock, { version: 'v1' }), 'pin', 'images');
    expect(await pinned()).toEqual(['v1']);
    expect(await back()).toMatchObject({ code: 0, out: expect.stringContaining('fast-rollback api v2 (before: ') });
    expect(await ended).toBe(130);
    expect(await pinned()).toEqual([]);
    await converged();
  }, 30_000);

  it('undoes what a crashed pin has changed first', async () => {
    await die(await planPin(world.services, world.clock, { version: 'v1' }), 'pin', 'pipeline images api pin v1');
    expect(await pinned()).toEqual(['v1']);
    expect(await back('v1', { how: 'roll' })).toMatchObject({
      code: 0,
      err: expect.stringContaining('undo: Pin the image'),
    });
    expect(await pinned()).toEqual([]);
  }, 30_000);

  it('waits for a run that cannot be undone automatically, or prints how to end it', async () => {
    const { ledger } = world.services;
    const scale = { operation: 'scale', app: 'api', environment: 'local', by: 'ann', host: 'h', steps: [] };
    const id = createRunId(world.clock);
    const command = 'pipeline scale api 8';
    await ledger.saveRun({ ...scale, id, startedAt: new Date(world.clock.now()).toISOString(), command });
    const lock = await ledger.lock('api', { command, run: id });
    try {
      expect((await back('v2', { how: 'roll', force: true, supersede: true })).code).toMatchObject({
        code: 'lock.held',
        hint: expect.stringContaining('pipeline abort api'),
      });
    } finally {
      await lock.release();
    }
  }, 30_000);
});
