import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandOptions } from '../../src/cli/command.ts';
import { rollBackFleet } from '../../src/cli/commands/fast-rollback.ts';
import { release } from '../../src/cli/commands/release.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseStep } from '../../src/release/state.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { scaleOperation } from '../../src/scale/operation.ts';
import { planScale } from '../../src/scale/plan.ts';
import { runnerOfTest } from '../runner/support/runner-context.ts';
import { Simulated } from '../support/simulated.ts';
import { fakeContext } from './support/fake-context.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  for (const _ of [1, 2, 3])
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

/** What `--dry-run` says while a release stays at the end of a step; that is ended afterwards. */
async function during<T>(id: string, inspect: () => Promise<T>): Promise<T> {
  const { services, clock } = world;
  const at = new EventEmitter();
  const there = once(at, 'arrived');
  const plan = await planRelease(services, clock, {});
  const stay = (step: ReleaseStep): ReleaseStep => ({
    ...step,
    run: async (context) => {
      await step.run(context);
      at.emit('arrived');
      await new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)));
    },
  });
  const steps = plan.steps.map((step) => (step.id === id ? stay(step) : step));
  const runner = runnerOfTest(clock, 'pipeline release api');
  const ended = runOperation(runner, { operation: releaseOperation, services, plan: { ...plan, steps } });
  try {
    await Promise.race([
      there,
      ended.then(({ result }) => Promise.reject(new Error(`it has ended with ${result.outcome} before ${id}`))),
    ]);
    return await inspect();
  } finally {
    const lock = await services.ledger.lockOf('api');
    if (lock) await services.ledger.requestAbort(lock, { by: 'test', reason: 'the end of a test' });
    await ended;
  }
}

async function said(run: (context: ReturnType<typeof fakeContext>, options: CommandOptions) => Promise<number>) {
  const context = fakeContext(['x'], { clock: world.clock });
  expect(await run(context, { dryRun: true })).toBe(0);
  const json = fakeContext(['x'], { clock: world.clock });
  expect(await run(json, { dryRun: true, json: true })).toBe(0);
  return { out: context.stdout.text, err: context.stderr.text, json: JSON.parse(json.stdout.text) };
}
const back = (version?: string) =>
  said((context, options) =>
    rollBackFleet(context, world.services, options, { force: false, ...(version && { version }) }),
  );
const next = () => said((context, options) => release(context, world.services, options, {}));
const ids = (json: { steps: { id: string }[] }) => json.steps.map((step) => step.id);

describe('--dry-run while a release is active that no request has reached', () => {
  it('says so, and names what serves and what is in the making', async () => {
    const seen = await during('stage', async () => ({
      next: await next(),
      back: await back(),
      stay: await back('v3'),
      older: await back('v1'),
    }));
    expect(seen.next.err).toMatch(
      /"pipeline release api" \(run .*\) has been active since .*: it releases v4, which no request has reached; v3 serves\. Until/,
    );
    expect(seen.next.out).toContain('release v5 of api');
    expect(seen.next.out).toContain('serves v3');
    expect(seen.next.json.activeRun).toMatchObject({
      command: 'pipeline release api',
      release: { version: 'v4', previous: 'v3', moved: false },
    });
    expect(seen.back.out).toContain(`"pipeline release api" is aborted, and its changes are undone`);
    expect(seen.back.out).toContain('it releases v4, which no request has reached; v3 serves');
    expect(seen.back.out).toContain('serves v3; go back to v2');
    expect(ids(seen.back.json).slice(0, 2)).toEqual(['abort', 'preflight']);
    expect(seen.stay.out).toContain('v3 continues to serve');
    expect(ids(seen.stay.json)).toEqual(['abort']);
    expect(seen.older.out).toContain('serves v3; go back to v1');
  }, 60_000);
});

describe('--dry-run while a release is active that requests reach', () => {
  it('says that undoing it is the rollback', async () => {
    const seen = await during('return-instance', async () => ({
      next: await next(),
      back: await back(),
      older: await back('v1'),
    }));
    const brings = /it releases v5, which requests may already reach; v3 served before it/;
    expect(seen.next.err).toMatch(brings);
    expect(seen.next.out).toContain('release v6 of api');
    expect(seen.back.out).toMatch(brings);
    expect(seen.back.out).toContain('undoing it is the rollback: v3 serves again');
    expect(ids(seen.back.json)).toEqual(['abort']);
    expect(seen.older.out).toContain('then from v3 to v1; the method is known once v5 is out of the traffic');
    expect(ids(seen.older.json)).toEqual(['abort']);
  }, 60_000);
});

describe('--dry-run of another operation', () => {
  it('reports a manual hold of the lock, and nothing when there is none', async () => {
    const { services, clock } = world;
    const scale = async () => {
      const own = Object.assign(services, { vcpuQuota: async () => 1000 });
      return said(async (context, options) =>
        runCommand(context, options, {
          ...{ operation: scaleOperation, services: own, question: () => 'scale' },
          plan: () => planScale(own, clock, { to: 6 }),
        }),
      );
    };
    const free = await scale();
    expect(free.err).toBe('');
    expect(free.json).not.toHaveProperty('activeRun');
    const lock = await services.ledger.lock('api', { command: 'pipeline lock api', reason: 'a sale' });
    const held = await scale();
    await lock.release();
    expect(held.err).toContain('"pipeline lock api" has been active since');
    expect(held.json.activeRun).toMatchObject({ run: null, command: 'pipeline lock api' });
  }, 60_000);
});
