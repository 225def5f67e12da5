import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DeleteLifecycleHookCommand, PutLifecycleHookCommand } from '@aws-sdk/client-auto-scaling';
import { DisableImageCommand, EnableImageCommand } from '@aws-sdk/client-ec2';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, replaceInstance, resumeProcesses, setCapacity, suspendProcesses } from '../../../src/aws/groups.ts';
import { createFileLedger } from '../../../src/ledger/ledger.ts';
import type { Ledger } from '../../../src/ledger/types.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { preflight } from '../../../src/release/steps/preflight.ts';
import { journaled, journaledContext } from '../../fleet/support/journaled-context.ts';
import { Simulated } from '../../support/simulated.ts';

let dir: string;
let ledger: Ledger;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-preflight-'));
  const identity = { owner: 'tester', host: 'here' };
  ledger = createFileLedger({ dir, environment: 'local', clock: systemClock(), identity });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const reserve = (run: string) =>
  ledger.reserveRelease({
    app: 'api',
    environment: 'local',
    commit: 'a'.repeat(40),
    ref: 'HEAD',
    createdAt: '2026-01-01T00:00:00.000Z',
    createdBy: 'tester@here',
    run,
  });
const states = async () => (await ledger.releases('api')).map(({ version, state }) => `${version} ${state}`);

describe('the undo of the preflight', () => {
  it('marks the version that its run has reserved as failed, also when the result of the reservation is unknown', async () => {
    await reserve('run-0');
    await reserve('run-1');
    // As planned; another version may have been given.
    const { context } = journaledContext({ version: 'v1' }, { ledger }, [journaled('reserve-version', 'api')]);
    await preflight.undo?.(context);
    expect(await states()).toEqual(['v1 building', 'v2 failed']);
  });

  it('has nothing to do when nothing was reserved', async () => {
    await reserve('run-0');
    const refused = journaled('reserve-version', 'api', { error: 'the disk is full' });
    const { context } = journaledContext({ version: 'v2' }, { ledger }, [refused]);
    await preflight.undo?.(context);
    expect(await states()).toEqual(['v1 building']);
  });
});

describe('the preflight of a fleet', () => {
  let world: Simulated;
  beforeAll(async () => {
    world = await Simulated.create([], { switching: true });
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  }, 60_000);
  afterAll(() => world.close());

  const group = () => readGroup(world.services.aws.autoScaling, world.services.fleet.names.group);
  /** What a release now is refused with; it must have reserved and changed nothing. */
  async function refusal() {
    const before = await world.services.ledger.releases('api');
    const result = await world.run(await planRelease(world.services, world.clock, {}));
    expect(result).toMatchObject({ outcome: 'failed', leftovers: [] });
    expect(result.steps.filter(({ status }) => status === 'done')).toEqual([]);
    expect(await world.services.ledger.releases('api')).toEqual(before);
    return result.error;
  }

  it('refuses suspended processes, except those that a release does not need', async () => {
    const { autoScaling } = world.services.aws;
    const { name } = await group();
    await suspendProcesses(autoScaling, name, ['Launch', 'AZRebalance', 'InstanceRefresh']);
    try {
      expect(await refusal()).toMatchObject({
        code: 'preflight.suspended',
        message: `processes of ${name} are suspended: Launch, InstanceRefresh`,
      });
    } finally {
      await resumeProcesses(autoScaling, name, ['Launch', 'AZRebalance', 'InstanceRefresh']);
    }
  }, 30_000);

  it('refuses a serving image that could not be rolled back to', async () => {
    const { ec2 } = world.services.aws;
    const ImageId = (await planRelease(world.services, world.clock, {})).initial.current.imageId ?? '';
    await ec2.send(new DisableImageCommand({ ImageId }));
    try {
      expect(await refusal()).toMatchObject({
        code: 'preflight.no-rollback-target',
        message: `the image that serves now, ${ImageId}, is disabled: there would be no rollback target`,
      });
    } finally {
      await ec2.send(new EnableImageCommand({ ImageId }));
    }
  }, 30_000);

  it('refuses unhealthy instances, and accepts them once they are healthy', async () => {
    const { autoScaling } = world.services.aws;
    const { name, instances } = await group();
    world.cloud.faults.add({ kind: 'insufficient-capacity' });
    await replaceInstance(autoScaling, name, instances[0]?.id ?? '');
    expect(await refusal()).toMatchObject({
      code: 'preflight.unhealthy',
      message: `only 3 of 4 hosts of ${name} are healthy`,
      details: expect.arrayContaining([expect.stringMatching(/failed: .*sufficient .*capacity/)]),
    });
    world.cloud.faults.clear();
    const allServe = (hosts: string[]) => hosts.length === 4 && hosts.every((one) => one.endsWith('InService healthy'));
    await world.until(() => world.serving(), allServe);
    expect(await world.run(await planRelease(world.services, world.clock, {}))).toMatchObject({ outcome: 'done' });
  }, 60_000);

  it('waits while instances are booting, and names them', async () => {
    const { autoScaling } = world.services.aws;
    const { name, desired } = await group();
    await setCapacity(autoScaling, name, { desired: desired + 1 });
    const waiting: string[] = [];
    const result = await world.run(await planRelease(world.services, world.clock, {}), {
      sink: (event) => {
        if (event.code === 'step.progress' && event.step === 'preflight') waiting.push(event.message);
      },
    });
    expect(result.error).toBeUndefined();
    expect(waiting.join('\n')).toMatch(
      /4 of 5 hosts are healthy; waiting for (an instance to launch|i-\w+ is (Pending|initial))/,
    );
    expect(await world.serving()).toHaveLength(5);
    await setCapacity(autoScaling, name, { desired });
    await world.until(
      () => world.serving(),
      (hosts) => hosts.length === desired,
    );
  }, 60_000);

  it('refuses after release.timeouts.health with the lifecycle hook that holds an instance', async () => {
    const { autoScaling } = world.services.aws;
    const { name, desired } = await group();
    const hook = { AutoScalingGroupName: name, LifecycleHookName: 'warm-up' };
    await autoScaling.send(
      new PutLifecycleHookCommand({ ...hook, LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }),
    );
    await setCapacity(autoScaling, name, { desired: desired + 1 });
    const began = world.clock.now();
    try {
      expect(await refusal()).toMatchObject({
        code: 'preflight.unhealthy',
        details: [expect.stringContaining('(MidLifecycleAction): it is held by lifecycle hook warm-up')],
        fix: expect.stringContaining('pipeline local aws autoscaling complete-lifecycle-action'),
      });
      expect(world.clock.now() - began).toBeGreaterThanOrEqual(world.services.fleet.release.timeouts.health * 1000);
    } finally {
      await autoScaling.send(new DeleteLifecycleHookCommand(hook));
      await setCapacity(autoScaling, name, { desired });
      await world.until(
        () => world.serving(),
        (hosts) => hosts.length === desired,
      );
    }
  }, 60_000);

  it('refuses at once an instance that is unhealthy for the load balancer', async () => {
    const { autoScaling } = world.services.aws;
    const { name, desired } = await group();
    await suspendProcesses(autoScaling, name, ['ReplaceUnhealthy']);
    world.cloud.faults.add({ kind: 'never-healthy' });
    await setCapacity(autoScaling, name, { desired: desired + 1 });
    await world.until(
      () => world.serving(),
      (hosts) => hosts.some((one) => one.endsWith('InService unhealthy')),
    );
    const began = world.clock.now();
    try {
      expect(await refusal()).toMatchObject({
        code: 'preflight.unhealthy',
        details: [expect.stringMatching(/^i-\w+ is unhealthy: /)],
      });
      expect(world.clock.now() - began).toBeLessThan(world.services.fleet.release.timeouts.health * 1000);
    } finally {
      world.cloud.faults.clear();
      await resumeProcesses(autoScaling, name, ['ReplaceUnhealthy']);
      await setCapacity(autoScaling, name, { desired });
      await world.until(
        () => world.serving(),
        (hosts) => hosts.length === desired && hosts.every((one) => one.endsWith('InService healthy')),
      );
    }
  }, 60_000);
});
