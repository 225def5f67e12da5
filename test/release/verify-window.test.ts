import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Period } from '../../src/aws/metrics.ts';
import type { RunResult } from '../../src/engine/execute.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { steadyService } from '../support/sent-programs.ts';
import { firstRelease, Simulated } from '../support/simulated.ts';

const minute = 60_000;

let world: Simulated;
/** What the load balancer counts in each minute. */
let traffic: (at: number) => Omit<Period, 'at'>;

const good: Omit<Period, 'at'> = { requests: 300, targetErrors: 1, balancerErrors: 0, p95Ms: 40 };

beforeAll(async () => {
  // The defaults of production.
  world = await Simulated.create([
    ['watch: { perSecond: 20, baselineSeconds: 4, burstSeconds: 1, latencyFloorMs: 250 },', ''],
    ['verifySeconds: 5,', 'verifySeconds: 300,'],
    ['pollSeconds: 0.25,', ''],
  ]);
  traffic = () => good;
  world.services.metrics = {
    alarms: async () => [],
    periods: async ({ from, to }) => {
      const first = Math.ceil(from / minute);
      const minutes = Array.from({ length: Math.max(0, Math.ceil(to / minute) - first) }, (_, index) => first + index);
      return minutes.map((one) => ({ at: one * minute, ...traffic(one * minute) }));
    },
    close: () => undefined,
  };
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
afterEach(() => {
  traffic = () => good;
  delete world.service.state;
});
afterAll(() => world?.close());

/** A release; `during` is called when the step begins. */
async function release(step: string, during: (state: ReleaseState) => void): Promise<RunResult<ReleaseState>> {
  const plan = await planRelease(world.services, world.clock, {});
  const steps = plan.steps.map((one) => ({
    ...one,
    run: async (context: Parameters<typeof one.run>[0]) => {
      if (one.id === step) during(context.state);
      await one.run(context);
    },
  }));
  return world.run({ ...plan, steps });
}

describe('the verify window of production', () => {
  it('rolls back a version that fails 30 % of the real requests off the probed paths', async () => {
    let began = 0;
    const result = await release('verify', () => {
      began = world.clock.now();
      traffic = (at) => (at >= began - minute ? { ...good, targetErrors: 90 } : good);
    });
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'verify.failed' } });
    expect(result.state.evidence?.faults).toEqual([
      {
        check: 'balancer',
        message: expect.stringMatching(
          /^the balancer counted 90 errors in 300 requests of a minute \(30 %\), before: /,
        ),
      },
    ]);
    // Minutes of the roll count from the one on in which the new version had the traffic.
    expect(result.state.countedSince).toBeLessThanOrEqual(began);
    const seconds = result.steps.find(({ id }) => id === 'verify')?.seconds ?? 0;
    expect(seconds).toBeLessThan(200);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('rolls back a version whose service exits ten seconds after its start, again and again', async () => {
    const result = await release('verify', () => {
      world.service.state = () => ({ ...steadyService, pid: Math.floor(world.clock.now() / 10_000), age: 5 });
      world.service.log = (id) => ({ from: 'log', lines: [`Error: lost database on ${id}`], cut: false });
    });
    delete world.service.log;
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'verify.failed' } });
    expect(result.state.evidence?.faults).toEqual([
      {
        check: 'restarts',
        message: expect.stringMatching(
          /^the service has restarted by itself on 4 of 4 instances: i-\w+, .* and 1 more, before: on none of 4, which had run for 24 h on average$/,
        ),
      },
    ]);
    expect(result.state.evidence?.restarts).toHaveLength(4);
    expect((result.error as { details: string[] }).details.join('\n')).toMatch(/log of i-\w+ \(has restarted\), log:/);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('keeps a version whose service exits by design as often as the one before, and notes it', async () => {
    const service = { ...steadyService, age: 300, again: true };
    world.service.state = () => service;
    const result = await release('verify', () => {
      const began = world.clock.now();
      world.service.state = () => ({ ...service, pid: world.clock.now() - began > 200_000 ? 2 : 1 });
    });
    expect(result.error).toBeUndefined();
    expect(result.state.baseline?.restarts).toMatchObject({ instances: 4, restarted: 4 });
    expect(world.notes.findLast((note) => note.includes('restarted'))).toMatch(
      /^the service has restarted by itself on 4 of 4 instances: .* and 1 more, before: on 4 of 4, .*: not more than/,
    );
  }, 60_000);

  it('rolls back a version that restarts everywhere, after one of which the restarts are not known', async () => {
    const before = { ...steadyService, held: 'not counted', started: null, age: 300, again: null };
    world.service.state = () => before;
    const result = await release('verify', () => {
      const began = world.clock.now();
      world.service.state = () => ({ ...steadyService, held: world.clock.now() - began > 200_000 ? 2 : 0 });
    });
    expect(result.outcome).toBe('rolled-back');
    expect(result.state.baseline).toBeDefined();
    expect(result.state.baseline?.restarts).toBeUndefined();
    expect(result.state.evidence?.faults).toContainEqual(expect.objectContaining({ check: 'restarts' }));
  }, 60_000);

  it('does not read restarts with watch.restarts: false, and says so', async () => {
    const { watch } = world.fleet.release;
    watch.restarts = false;
    const result = await release('verify', () => {
      world.service.state = () => ({ ...steadyService, pid: Math.floor(world.clock.now() / 10_000) });
    });
    watch.restarts = true;
    expect(result.error).toBeUndefined();
    expect(result.state.baseline?.restarts).toBeUndefined();
    expect(result.state.window).toMatchObject({ restarts: null });
    expect(result.state.window?.notSeen[0]).toBe('restarts, as watch.restarts is false');
  }, 60_000);

  it('does not count what a play has started, an instance that was booted, or one that is not reached', async () => {
    const state = (id: string) => {
      const late = Math.floor(world.clock.now() / 10_000);
      const [first = '', second = ''] = ids;
      if (id === first) return { ...steadyService, pid: late, started: late };
      if (id === second) return { ...steadyService, pid: late, boot: `boot ${late}` };
      return { problem: 'no SSH' };
    };
    const ids: string[] = [];
    const result = await release('verify', () => {
      world.service.state = (id) => {
        if (!ids.includes(id)) ids.push(id);
        return state(id);
      };
    });
    expect(result.error).toBeUndefined();
    expect(result.state.window).toMatchObject({ restarts: { instances: 1 } });
    expect(result.state.window?.notSeen[0]).toMatch(/^restarts on i-\w+ and 2 more \(.+\)$/);
  }, 60_000);

  it('says in one line what it could see and what not', async () => {
    const result = await release('none', () => undefined);
    expect(result.error).toBeUndefined();
    expect(result.state.window).toMatchObject({
      counters: { minutes: expect.any(Number), requests: expect.any(Number) },
      restarts: { instances: 4 },
      notSeen: ['what no request has reached'],
    });
    expect(world.notes.findLast((note) => note.startsWith('watched'))).toMatch(
      /^watched 30\d s: target health, probes of \/version, .* \(1,\d+ answers\), counters of the load balancer for \d whole minutes \(1,\d+ requests\), restarts on 4 instances; not seen: what no request has reached$/,
    );
  }, 60_000);

  it('does not convict by a handful of requests, and says that they were too few', async () => {
    const result = await release('verify', () => {
      const began = world.clock.now();
      traffic = (at) => (at >= began ? { ...good, requests: 8, targetErrors: 6 } : good);
    });
    expect(result.error).toBeUndefined();
    expect(result.state.window?.notSeen[0]).toMatch(
      /^errors of real requests, which need 2 whole minutes with 20 requests or more \(there were \d\)$/,
    );
  }, 60_000);
});
