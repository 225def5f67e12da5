import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Period } from '../../src/aws/metrics.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { trafficOf } from '../../src/fleet/traffic-groups.ts';
import { planRelease } from '../../src/release/plan.ts';
import { Simulated } from '../support/simulated.ts';

const minute = 60_000;

let world: Simulated;
/** Part of the requests of a minute that the balancer answers with an error of its own. */
let ownErrors = 0.003;

beforeAll(async () => {
  world = await Simulated.create([
    [
      'verifySeconds: 5,',
      "strategy: 'blue-green', weights: [5, 100], stepSeconds: 240, rollbackWindow: 400, verifySeconds: 240,",
    ],
  ]);
  world.services.metrics = {
    alarms: async () => [],
    periods: async ({ targetGroupArn, from, to }) => {
      const share = await shareOf(targetGroupArn);
      const first = Math.ceil(from / minute);
      const count = Math.max(0, Math.ceil(to / minute) - first);
      return Array.from({ length: count }, (_, index): Period => {
        const requests = Math.round(10_000 * share);
        const errors = { targetErrors: 0, balancerErrors: 10_000 * ownErrors, balancerRequests: 10_000 };
        return { at: (first + index) * minute, requests, ...errors, p95Ms: 40 };
      });
    },
    close: () => undefined,
  };
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

/** A target group's part of 10,000 requests a minute. */
async function shareOf(targetGroupArn: string): Promise<number> {
  const { facts } = await observeFleet(world.services);
  const { idle } = facts;
  if (!idle) throw new Error('there is one group only');
  const share = await trafficOf(world, facts.listenerArn, facts, idle);
  return facts.targetGroupArn === targetGroupArn ? share : 1 - share;
}

describe('a blue/green release behind a balancer with 10,000 requests a minute', () => {
  it('is done with 0.3 % errors of the balancer, as before', async () => {
    const result = await world.run(await planRelease(world.services, world.clock, {}));
    expect(result.error).toBeUndefined();
    expect(world.notes.filter((note) => /^5 % of the traffic/.test(note))).toHaveLength(1);
    expect(result.state.window?.counters?.minutes).toBeGreaterThanOrEqual(7);
  }, 60_000);

  it('is rolled back when the balancer fails requests since the new group has its 5 %', async () => {
    const plan = await planRelease(world.services, world.clock, {});
    const steps = plan.steps.map((step) => ({
      ...step,
      run: async (context: Parameters<typeof step.run>[0]) => {
        if (step.id === 'shift-traffic') ownErrors = 0.05;
        await step.run(context);
      },
    }));
    const result = await world.run({ ...plan, steps });
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'shift-traffic.failed' } });
    expect(result.state.evidence?.faults[0]?.message).toMatch(/^the balancer answered 500 errors by itself in 10500 /);
    const serving = (await world.serving()).filter((one) => one.endsWith(' InService healthy'));
    expect(serving).toEqual(Array(4).fill('v2 InService healthy'));
  }, 60_000);
});
