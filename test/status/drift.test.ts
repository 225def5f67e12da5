import {
  CreateImageCommand,
  CreateLaunchTemplateVersionCommand,
  DisableImageCommand,
  EnableImageCommand,
  ModifyLaunchTemplateCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, setTemplate } from '../../src/aws/groups.ts';
import { tagInstance } from '../../src/aws/instances.ts';
import { setDefaultVersion } from '../../src/aws/launch-templates.ts';
import { readRefresh, startRefresh } from '../../src/aws/refreshes.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { answering, deleteServingImage, launched, recordRun, releaseRecorded } from '../support/drifted.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
let services: DoctorServices;
let hosts: ReturnType<typeof answering>;

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  hosts = answering(world);
  services = Object.assign(world.services, {
    vcpuQuota: async () => 1000,
    identity: async () => ({ account: '000000000000', arn: 'arn:aws:iam::000000000000:user/test' }),
  });
  for (const _ of [1, 2]) expect((await releaseRecorded(world)).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => {
  world.notes.length = 0;
});
afterEach(() => hosts.clear());

const group = () => readGroup(world.aws.autoScaling, world.fleet.names.group);
const status = () => readStatus(world.services);
const drifts = async () => (await status()).drift.map((one) => one.kind);
/** What `doctor` finds wrong of this, as `severity id: message | fix`. */
const found = async () =>
  (await diagnose(services, world.clock))
    .filter((one) => ['fleet.drift', 'images.serving'].includes(one.id) && one.severity !== 'ok')
    .map((one) => `${one.severity} ${one.id}: ${one.message} | ${one.fix}`);
const rollBack = async (version?: string) => {
  const plan = await planRollback(world.services, world.clock, { version, force: false, wait: true });
  const result = await world.run(plan);
  await recordRun(world, 'fast-rollback', { outcome: result.outcome, version: result.state.version });
  return { plan, result };
};

/** Another tool rolls the group onto an image of its own, from the template as it is. */
async function rollForeign(): Promise<string> {
  const { autoScaling, ec2 } = world.aws;
  const { instances, launchTemplate } = await group();
  const { ImageId } = await ec2.send(
    new CreateImageCommand({ InstanceId: instances[0]?.id, Name: `hotfix-${world.clock.now()}`, NoReboot: true }),
  );
  await world.clock.sleep(60_000);
  const { LaunchTemplateVersion } = await ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateId: launchTemplate.id,
      SourceVersion: launchTemplate.version,
      LaunchTemplateData: { ImageId },
    }),
  );
  const version = String(LaunchTemplateVersion?.VersionNumber);
  await startRefresh(
    autoScaling,
    world.fleet.names.group,
    { id: launchTemplate.id, version },
    world.fleet.release.refresh,
  );
  await world.until(
    () => readRefresh(autoScaling, world.fleet.names.group),
    (one) => one?.status === 'Successful',
  );
  await world.until(
    () => world.serving(),
    (all) => all.length === 4 && all.every((one) => one.endsWith('InService healthy')),
  );
  return ImageId ?? '';
}

describe('a fleet that another tool has rolled onto an image of its own', () => {
  let imageId: string;
  beforeAll(async () => {
    imageId = await rollForeign();
  }, 60_000);

  it('is reported by status and doctor, whatever the tags of its instances', async () => {
    const { version, drift, instances } = await status();
    expect(version).toBeNull();
    expect(instances.map((one) => one.version)).toEqual(Array(4).fill('v2'));
    expect(drift.map((one) => one.kind)).toEqual(['foreign-image', 'template-default']);
    const fix = 'go back to v2: pipeline fast-rollback api v2; or replace it by a release: pipeline release api';
    expect(drift[0]).toMatchObject({
      message: expect.stringMatching(
        `api-local launches image ${imageId} \\(hotfix-[0-9.]+\\), which is not a release of api; by the ledger v2 serves`,
      ),
      fix,
    });
    expect((await found())[0]).toContain(`warning fleet.drift: api-local launches image ${imageId}`);
    expect((await diagnose(services, world.clock)).find((one) => one.id === 'fleet.health')?.message).toBe(
      `api-local serves image ${imageId}, which is not a release, on 4 instances`,
    );
  });

  it('gets a release by a builder from the base image, with a warning, and a failure returns to that image', async () => {
    const plan = await planRelease(world.services, world.clock, {});
    expect(plan.described.preflight?.join('\n')).toContain(`api-local launches image ${imageId}`);
    expect(plan.described['boot-builder']).toEqual(['one t3.small from the base image golden-base-*']);
    const result = await world.run(failingAfter(plan, 'roll'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
    expect(world.notes.join('\n')).toContain('which is not a release of api');
    expect((await launched(world)).imageId).toBe(imageId);
  }, 60_000);

  it('is rolled back to the last known-good release, not to the one before it, with the reason', async () => {
    const { plan, result } = await rollBack();
    expect(plan.initial.version).toBe('v2');
    expect(plan.initial.rolledBackFrom).toEqual([]);
    expect(plan.described.preflight?.join('\n')).toContain(`api-local launches image ${imageId}`);
    expect(result).toMatchObject({ outcome: 'done' });
    expect(world.notes.join('\n')).toContain(`api-local launches image ${imageId}`);
    expect(await world.serving()).toEqual(Array(4).fill('v2 InService healthy'));
    expect(await drifts()).toEqual([]);
  }, 60_000);
});

describe('a launch template that was changed by hand', () => {
  it('is reported, a release is refused while no instance runs its image, and the printed fix restores it', async () => {
    const { launchTemplate } = await group();
    const first = await world.services.ledger.release('api', 'v1');
    const { LaunchTemplateVersion } = await world.aws.ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateId: launchTemplate.id,
        SourceVersion: launchTemplate.version,
        LaunchTemplateData: { ImageId: first?.image?.imageId },
      }),
    );
    const version = String(LaunchTemplateVersion?.VersionNumber);
    await setTemplate(world.aws.autoScaling, world.fleet.names.group, { id: launchTemplate.id, version });
    expect(await drifts()).toEqual(['other-version', 'template-default', 'instance-image']);
    const refused = await world.run(await planRelease(world.services, world.clock, {}));
    expect(refused).toMatchObject({
      outcome: 'failed',
      error: {
        code: 'preflight.drift',
        message: expect.stringMatching(/^4 of 4 instances of api-local run v2 \(.*\), but the group launches v1$/),
        fix: expect.stringContaining('pipeline fast-rollback api v2'),
      },
    });
    const { result } = await rollBack('v2');
    expect(result).toMatchObject({ outcome: 'done' });
    expect(await drifts()).toEqual([]);
    expect(await world.serving()).toEqual(Array(4).fill('v2 InService healthy'));
  }, 60_000);

  it('only in its default version is a warning, which a release corrects', async () => {
    const { launchTemplate } = await group();
    await setDefaultVersion(world.aws.ec2, launchTemplate.id, '1');
    expect(await found()).toEqual([
      `warning fleet.drift: api-local launches version ${launchTemplate.version} of ${launchTemplate.id}, but its default version is 1 | pipeline local aws ec2 modify-launch-template --launch-template-id ${launchTemplate.id} --default-version ${launchTemplate.version}`,
    ]);
    await world.aws.ec2.send(
      new ModifyLaunchTemplateCommand({ LaunchTemplateId: launchTemplate.id, DefaultVersion: launchTemplate.version }),
    );
    expect(await drifts()).toEqual([]);
  });
});

describe('an instance that differs', () => {
  it('is reported by its tag, and by its answer, and is not baked', async () => {
    const [first = '', second = '', third = ''] = (await group()).instances.map((one) => one.id);
    await tagInstance(world.aws.ec2, first, { [tagKeys.version]: 'v1' });
    hosts.set(second, { version: 'v1' });
    expect(await drifts()).toEqual(['instance-version']);
    const replace = 'replace it: pipeline local aws autoscaling terminate-instance-in-auto-scaling-group --instance-id';
    expect(await found()).toEqual([
      `warning fleet.drift: ${first} of api-local is tagged v1, but its image is that of v2 | ${replace} ${first} --no-should-decrement-desired-capacity`,
      `warning fleet.drift: ${second} of api-local serves v1, but it is tagged v2 | ${replace} ${second} --no-should-decrement-desired-capacity`,
    ]);
    const result = await world.run(failingAfter(await planRelease(world.services, world.clock, {}), 'preflight'));
    expect(result.error).toMatchObject({ code: 'test.broken' });
    expect([first, second]).not.toContain(result.state.host?.instanceId);
    expect(world.notes.join('\n')).toContain(`${first} of api-local is tagged v1`);
    await tagInstance(world.aws.ec2, first, { [tagKeys.version]: 'v2' });
    expect(third).not.toBe('');
  }, 30_000);
});

describe('a rollback with a disabled image', () => {
  const disable = async (version: string) => {
    const ImageId = (await world.services.ledger.release('api', version))?.image?.imageId ?? '';
    await world.aws.ec2.send(new DisableImageCommand({ ImageId }));
    return ImageId;
  };

  it('is not stopped when it is the serving image, and reports it', async () => {
    const imageId = await disable('v2');
    const plan = await planRollback(world.services, world.clock, { force: false });
    expect(plan.initial.version).toBe('v1');
    const { result } = await rollBack();
    expect(result).toMatchObject({ outcome: 'done' });
    expect(world.notes.join('\n')).toContain(`image ${imageId} of v2, which api-local launches, is disabled`);
    await world.aws.ec2.send(new EnableImageCommand({ ImageId: imageId }));
    expect((await rollBack('v2')).result).toMatchObject({ outcome: 'done' });
    expect(await drifts()).toEqual([]);
  }, 60_000);

  it('never selects the disabled image by itself, and enables it when it is named', async () => {
    const imageId = await disable('v1');
    await expect(planRollback(world.services, world.clock, { force: false })).rejects.toMatchObject({
      code: 'rollback.image-gone',
      fix: expect.stringContaining('enable it and go there: pipeline fast-rollback api v1'),
    });
    const plan = await planRollback(world.services, world.clock, { version: 'v1', force: false });
    expect(plan.described.preflight).toContain(`image ${imageId} is disabled: it is enabled first`);
    const failed = await world.run(failingAfter(plan, 'preflight'));
    expect(failed).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    await expect(planRollback(world.services, world.clock, { force: false })).rejects.toThrow('is disabled');
    expect((await rollBack('v1')).result).toMatchObject({ outcome: 'done' });
    expect(await world.serving()).toEqual(Array(4).fill('v1 InService healthy'));
    expect((await rollBack('v2')).result).toMatchObject({ outcome: 'done' });
  }, 60_000);
});

describe('a release without a rollback target', () => {
  let gone: string;
  beforeAll(async () => {
    gone = await deleteServingImage(world);
  });

  it('is refused unless confirmed, with both ways to continue', async () => {
    const refused = await world.run(await planRelease(world.services, world.clock, {}));
    expect(refused.error).toMatchObject({
      code: 'preflight.no-rollback-target',
      message: `the image that serves now, ${gone}, is gone: there would be no rollback target`,
      fix: 'pipeline repair api bakes it again from a host; or release without a rollback target: pipeline release api --no-rollback-target',
    });
  });

  it('leaves the fleet as it was when it fails before the roll', async () => {
    const before = await world.serving();
    const result = await world.run(
      failingAfter(await planRelease(world.services, world.clock, { noRollbackTarget: true }), 'validate'),
    );
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
    expect(await world.serving()).toEqual(before);
    expect((await launched(world)).imageId).toBe(gone);
  }, 60_000);

  it('reports what remains when it fails in the roll, and does not wait for a missing image', async () => {
    const plan = await planRelease(world.services, world.clock, { noRollbackTarget: true });
    const runId = createRunId(world.clock);
    const result = await world.run(failingAfter(plan, 'roll'), { runId });
    expect(result).toMatchObject({
      outcome: 'manual-intervention',
      leftovers: [expect.stringContaining('the image before it cannot be launched, so nothing was rolled back')],
    });
    const { version, imageId } = result.state;
    await recordRun(world, 'release', { id: runId, outcome: result.outcome, version });
    expect(await world.serving()).toEqual(Array(4).fill(`${version} InService healthy`));
    // What serves now has an image.
    expect((await launched(world)).imageId).toBe(imageId);
    expect(await drifts()).toEqual(['template-default']);
  }, 60_000);

  it('also runs on a builder from the base image', async () => {
    gone = await deleteServingImage(world);
    const plan = await planRelease(world.services, world.clock, { noRollbackTarget: true, bake: 'builder' });
    expect(plan.described['boot-builder']).toEqual(['one t3.small from the base image golden-base-*']);
    expect(plan.described.preflight).toContain('there may be no rollback target: --no-rollback-target');
    const result = await releaseRecorded(world, { noRollbackTarget: true, bake: 'builder' });
    expect(result.error).toBeUndefined();
    expect(await drifts()).toEqual([]);
    expect(await world.serving()).toEqual(Array(4).fill(`${result.state.version} InService healthy`));
  }, 60_000);
});
