import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import { planRelease } from '../../src/release/plan.ts';
import { everyVersion, firstRelease, Simulated } from '../support/simulated.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create([
    ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 8, rollbackWindow: 400, verifySeconds: 5,"],
  ]);
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
  world.service.log = (id) => ({ from: 'log', lines: [`Error: of ${id}`], cut: false });
}, 60_000);
afterEach(() => {
  world.cloud.faults.clear();
  world.answers.to = everyVersion;
});
afterAll(() => world?.close());

/** A release in which `during` is called when a step begins. */
async function release(step: string, during: (imageId: string | undefined) => void) {
  const plan = await planRelease(world.services, world.clock, {});
  const runId = createRunId(world.clock);
  const events: RunEvent[] = [];
  const steps = plan.steps.map((one) => ({
    ...one,
    run: async (context: Parameters<typeof one.run>[0]) => {
      if (one.id === step) during(context.state.imageId);
      await one.run(context);
    },
  }));
  const result = await world.run({ ...plan, steps }, { runId, sink: (event) => events.push(event) });
  return { result, events, kept: await world.services.ledger.evidence.read(runId) };
}

describe('the evidence of a blue/green release', () => {
  it('has the logs of the new group when it does not become healthy', async () => {
    const { result, kept } = await release('scale-up-idle-group', (image) => {
      world.cloud.faults.add({ kind: 'never-healthy', image });
    });
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'group.unhealthy' } });
    expect(kept?.step).toBe('scale-up-idle-group');
    expect(kept?.instances.flatMap(({ lines }) => lines)).toContain(`Error: of ${kept?.instances[0]?.id}`);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('has the logs of the instances that got the first share of the traffic, not those of the others', async () => {
    const { result, kept } = await release('shift-traffic', () => {
      world.answers.to = (url) =>
        url.endsWith('/events/open-air') ? { status: 500, body: 'no seats' } : everyVersion();
    });
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'shift-traffic.failed' } });
    expect(kept).toMatchObject({ step: 'shift-traffic' });
    expect(kept?.probes).toContainEqual(expect.objectContaining({ path: '/events/open-air', body: 'no seats' }));
    expect(kept?.instances).toHaveLength(3);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('is nothing for one that is done, whose minutes count from its first share of the traffic on', async () => {
    const { result, events, kept } = await release('none', () => undefined);
    expect(result.error).toBeUndefined();
    expect(kept).toBeUndefined();
    expect(events.filter(({ code }) => code === 'step.evidence')).toEqual([]);
    const beginOf = (step: string) =>
      events.find((event) => event.code === 'step.started' && event.step === step)?.at ?? 0;
    expect(result.state.countedSince).toBeGreaterThan(beginOf('shift-traffic'));
    // Two windows of eight seconds follow the first share.
    expect(result.state.countedSince).toBeLessThanOrEqual(beginOf('promote') - 16_000);
  }, 60_000);
});
