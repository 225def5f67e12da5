import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandOptions } from '../../src/cli/command.ts';
import { rollBack } from '../../src/cli/commands/fast-rollback.ts';
import { release } from '../../src/cli/commands/release.ts';
import { servingFacts } from '../../src/cli/commands/support/serving.ts';
import { operate } from '../../src/cli/operate.ts';
import type { ReleaseStep } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planScale } from '../../src/scale/plan.ts';
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
async function during<T>(id: string, look: () => Promise<T>): Promise<T> {
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
  const steps = plan.steps.map((step) => (step.id === id ? stay(step as ReleaseStep) : step));
  const ended = operate(
    fakeContext(['release', 'api'], { clock }),
    {},
    {
      ...{ fleet: services.fleet, services, plan: { ...plan, steps } },
      ...{ describe: servingFacts, undoHint: () => undefined },
    },
  );
  try {
    await Promise.race([
      there,
      ended.then((code) => Promise.reject(new Error(`it has ended with ${code} before ${id}`))),
    ]);
    return await look();
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
const back = (version?: string) => said((context, options) => rollBack(context, world.services, options, version));
const next = () => said((context, options) => release(context, world.services, options, {}));
const ids = (json: { steps: { id: string }[] }) => json.steps.map((step) => step.id);

describe('--dry-run while a release is active that receives no requests yet', () => {
  it('reports that, and names the version that serves and the one being released', async () => {
    const seen = await during('stage', async () => ({
      next: await next(),
      back: await back(),
      stay: await back('v3'),
      older: await back('v1'),
    }));
    expect(seen.next.err).toMatch(
      /"pipeline release api" \(run .*\) is under way since .*: it brings v4, which no request has reached; v3 serves\. Until/,
    );
    expect(seen.next.out).toContain('release v5 of api');
    expect(seen.next.out).toContain('serves v3');
    expect(seen.next.json.underWay).toMatchObject({
      command: 'pipeline release api',
      release: { version: 'v4', previous: 'v3', moved: false },
    });
    expect(seen.back.out).toContain(`"pipeline release api" is ended, and what it changed is put back`);
    expect(seen.back.out).toContain('it brings v4, which no request has reached; v3 serves');
    expect(seen.back.out).toContain('serves v3; go back to v2');
    expect(ids(seen.back.json).slice(0, 2)).toEqual(['abort', 'preflight']);
    expect(seen.stay.out).toContain('v3 goes on');
    expect(ids(seen.stay.json)).toEqual(['abort']);
    expect(seen.older.out).toContain('serves v3; go back to v1');
  }, 60_000);
});

describe('--dry-run while a release is active that receives requests', () => {
  it('reports that the rollback would end it', async () => {
    const seen = await during('bake', async () => ({
      next: await next(),
      back: await back(),
      older: await back('v1'),
    }));
    const brings = /it brings v5, which requests may reach already; v3 served before it/;
    expect(seen.next.err).toMatch(brings);
    expect(seen.next.out).toContain('release v6 of api');
    expect(seen.back.out).toMatch(brings);
    expect(seen.back.out).toContain('it is the way back: v3 serves again');
    expect(ids(seen.back.json)).toEqual(['abort']);
    expect(seen.older.out).toContain('then from v3 to v1; by which way is known when v5 is out of the traffic');
    expect(ids(seen.older.json)).toEqual(['abort']);
  }, 60_000);
});

describe('--dry-run of another operation', () => {
  it('reports a manual hold of the lock, and nothing when there is none', async () => {
    const { services, clock } = world;
    const scale = async () => {
      const own = Object.assign(services, { vcpuQuota: async () => 1000 });
      return said(async (context, options) =>
        operate(context, options, {
          ...{ fleet: own.fleet, services: own, plan: await planScale(own, clock, { to: 6 }) },
          ...{ describe: () => ({}), undoHint: () => undefined },
        }),
      );
    };
    const free = await scale();
    expect(free.err).toBe('');
    expect(free.json).not.toHaveProperty('underWay');
    const lock = await services.ledger.lock('api', { command: 'pipeline lock api', reason: 'a sale' });
    const held = await scale();
    await lock.release();
    expect(held.err).toContain('"pipeline lock api" is under way since');
    expect(held.json.underWay).toMatchObject({ run: null, command: 'pipeline lock api' });
  }, 60_000);
});
