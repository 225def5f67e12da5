import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listImages } from '../../src/aws/images.ts';
import type { AlarmState } from '../../src/aws/metrics.ts';
import type { RunResult } from '../../src/engine/execute.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { type FleetStatus, readStatus } from '../../src/status/read.ts';
import { everyVersion, Simulated } from '../support/simulated.ts';

let world: Simulated;
let alarms: AlarmState[];

beforeAll(async () => {
  world = await Simulated.create([
    [
      'watch: { perSecond: 20, baselineSeconds: 4, burstSeconds: 1, latencyFloorMs: 250 },',
      'watch: { perSecond: 20, baselineSeconds: 6, burstSeconds: 1, latencyFloorMs: 250 },',
    ],
    ['verifySeconds: 5,', "verifySeconds: 12, alarms: ['api-errors', 'api-latency'],"],
  ]);
  world.services.metrics = {
    alarms: async (names) => alarms.filter((alarm) => names.includes(alarm.name)),
    periods: async () => [],
    close: () => undefined,
  };
  alarms = ['api-errors', 'api-latency'].map((name) => ({ name, state: 'OK', reason: '' }));
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
beforeEach(() => {
  alarms = ['api-errors', 'api-latency'].map((name) => ({ name, state: 'OK', reason: '' }));
  world.answers.to = everyVersion;
});
afterAll(() => world?.close());

/** Releases; `during` is called when the step begins. */
async function release(
  step: string,
  during: (state: ReleaseState) => void,
  signal?: AbortSignal,
): Promise<RunResult<ReleaseState>> {
  const plan = await planRelease(world.services, world.clock, {});
  const steps = plan.steps.map((one) =>
    one.id === step
      ? {
          ...one,
          run: async (context: Parameters<typeof one.run>[0]) => {
            during(context.state);
            await one.run(context);
          },
        }
      : one,
  );
  return world.run({ ...plan, steps }, { signal });
}

/** Nothing of a version that was rolled back is known-good, and the fleet is whole on the one before. */
async function expectBack(result: RunResult<ReleaseState>, serving: string): Promise<void> {
  const { services, aws } = world;
  expect(await readStatus(services)).toMatchObject({ version: serving, healthy: 4, desired: 4 });
  expect(await services.ledger.release('api', result.state.version)).toMatchObject({
    state: 'failed',
    knownGood: false,
  });
  const images = await listImages(aws.ec2, 'api', 'local');
  expect(images.filter((image) => image.knownGood).map((image) => image.version)).toEqual([serving]);
}

const badPath = (url: string) => (url.endsWith('/events/open-air') ? { status: 500, body: 'broken' } : everyVersion());

describe('a bad release returns to the old version automatically', () => {
  it('when a path fails in the verify window, with the numbers before and after', async () => {
    const result = await release('verify', () => {
      world.answers.to = badPath;
    });
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'verify.failed' } });
    const { evidence } = result.state;
    expect(evidence).toMatchObject({ phase: 'verify', version: 'v2', before: 'v1', targets: [], alarms: [] });
    const faults = evidence?.faults.map(({ check, message }) => `${check} ${message}`).join('\n');
    expect(faults).toMatch(
      /errors (all paths|\/events\/open-air): \d+ of \d+ answers failed \(\d+ %\), before: 0 of \d+; the last: .*answered 500/,
    );
    const path = evidence?.probes.find((probe) => probe.path === '/events/open-air');
    expect(path?.before).toMatchObject({ failed: 0 });
    expect(path?.now.failed).toBe(path?.now.samples);
    expect(path?.bad[0]).toMatchObject({ fault: 'answered 500' });
    await expectBack(result, 'v1');
  }, 60_000);

  it('when answers take longer', async () => {
    const { probe } = world.services;
    const slow: Services['probe'] = async (url, options) => ({ ...(await probe(url, options)), ms: 400 });
    const result = await release('verify', () => {
      world.services.probe = slow;
    });
    world.services.probe = probe;
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'verify.failed' } });
    expect(result.state.evidence?.faults.map((fault) => fault.check)).toContain('latency');
    expect(result.state.evidence?.probes[0]).toMatchObject({ before: { medianMs: 1 }, now: { medianMs: 400 } });
    await expectBack(result, 'v1');
  }, 60_000);

  it('when an alarm goes into ALARM, but not for one that was in ALARM before', async () => {
    alarms = alarms.map((alarm) => (alarm.name === 'api-latency' ? { ...alarm, state: 'ALARM' } : alarm));
    const result = await release('verify', () => {
      alarms = alarms.map((alarm) => ({ ...alarm, state: 'ALARM', reason: 'Threshold Crossed' }));
    });
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'verify.failed' } });
    expect(result.state.alarms).toEqual(['api-errors']);
    expect(result.state.evidence).toMatchObject({
      alarms: [{ name: 'api-errors', reason: 'Threshold Crossed' }],
      faults: [{ check: 'alarm', message: 'alarm api-errors is in ALARM: Threshold Crossed' }],
    });
    await expectBack(result, 'v1');
  }, 60_000);

  it('when its instances never become healthy, whoever gives up first', async () => {
    let seen: Promise<FleetStatus> | undefined;
    const result = await release('roll', ({ imageId }) => {
      world.cloud.faults.add({ kind: 'never-healthy', image: imageId });
      seen = world.clock.sleep(10_000).then(() => readStatus(world.services));
    });
    expect(await seen).toMatchObject({
      traffic: [
        { version: 'v1', share: 0.75 },
        // The bake instance.
        { version: result.state.version, share: 0.25 },
      ],
      refreshes: [{ group: 'api-local', status: 'InProgress', percentage: expect.any(Number), remaining: 4 }],
    });
    world.cloud.faults.clear();
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'roll.failed' } });
    expect(result.state.evidence).toMatchObject({ phase: 'roll', faults: [{ check: 'targets' }] });
    expect(result.state.evidence?.targets.length).toBeGreaterThan(0);
    await expectBack(result, 'v1');
  }, 60_000);
});

describe('a known-good release', () => {
  it('is not one whose verify window was interrupted', async () => {
    const interrupt = new AbortController();
    const result = await release(
      'verify',
      () => void world.clock.sleep(6000).then(() => interrupt.abort(new Error('interrupted'))),
      interrupt.signal,
    );
    expect(result.outcome).toBe('interrupted');
    await expectBack(result, 'v1');
  }, 60_000);

  it('is one after its whole verify window, in the ledger and on the image', async () => {
    let began = 0;
    const result = await release('verify', () => {
      began = world.clock.now();
    });
    expect(result.error).toBeUndefined();
    const { version } = result.state;
    expect(result.steps.find((step) => step.id === 'verify')?.seconds).toBeGreaterThanOrEqual(12);
    expect(began).toBeGreaterThan(0);
    expect(await world.services.ledger.release('api', version)).toMatchObject({ state: 'released', knownGood: true });
    const images = await listImages(world.aws.ec2, 'api', 'local');
    expect(images.find((image) => image.version === version)?.knownGood).toBe(true);
  }, 60_000);
});

describe('the comparison of versions', () => {
  it('is skipped for a rollback: the answers of the version that it rolls back from are not a baseline', async () => {
    world.answers.to = badPath;
    const { services, clock } = world;
    alarms = alarms.map((alarm) => ({ ...alarm, state: 'ALARM' }));
    const result = await world.run(
      await planRollback(services, clock, { version: 'v1', force: false, method: 'rolling' }),
    );
    expect(result.error).toBeUndefined();
    expect(await readStatus(services)).toMatchObject({ version: 'v1', healthy: 4 });
  }, 60_000);

  it('fails with exit code 2 for a missing alarm, and nothing is changed', async () => {
    alarms = alarms.slice(1);
    const result = await release('preflight', () => undefined);
    expect(result).toMatchObject({ outcome: 'usage', error: { code: 'release.alarms' } });
    expect((result.error as Error).message).toContain(
      'names api-errors, but CloudWatch in eu-west-1 has no such alarm',
    );
  }, 30_000);
});
