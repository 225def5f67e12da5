import {
  DescribeWarmPoolCommand,
  PutWarmPoolCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CopyImageCommand,
  CreateSnapshotCommand,
  DeregisterImageCommand,
  DescribeInstancesCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { CloudError } from 'golden-pipeline-local-cloud/model';
import { afterEach, describe, expect, it } from 'vitest';
import { markRetired } from '../../src/aws/image-retirement.ts';
import { readImage } from '../../src/aws/images.ts';
import { tagKeys, toTags } from '../../src/aws/tags.ts';
import { rollbackTarget } from '../../src/fleet/versions.ts';
import { planPin } from '../../src/retention/plan-pin.ts';
import { planPrune } from '../../src/retention/plan-prune.ts';
import { hour, TestFleet } from './support/fleet.ts';

let fleet: TestFleet;
afterEach(() => fleet.cloud.close());

const plan = (force = false) => planPrune(fleet.services, fleet.cloud.clock, { force });
const prune = async (force = false) => fleet.run(await plan(force));
const share = (imageId: string) =>
  fleet.services.aws.ec2.send(
    new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { Add: [{ UserId: '111122223333' }] } }),
  );

/** Runs `once` before the first call of `operation`. */
function justBefore(operation: string, once: () => Promise<unknown>): void {
  fleet.cloud.between = async (now) => {
    if (now !== operation) return;
    fleet.cloud.between = undefined;
    await once();
  };
}

async function releases(count: number, ...more: Parameters<typeof TestFleet.create>): Promise<string[]> {
  fleet = await TestFleet.create(...more);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push((await fleet.release()).imageId);
  return ids;
}

describe('a prune keeps', () => {
  it('the last known-good images, and removes the rest with its snapshots', async () => {
    await releases(4);
    const result = await prune();
    expect(result).toMatchObject({ outcome: 'done', state: { retired: ['v1', 'v2'], removed: ['v1', 'v2'] } });
    expect(fleet.images()).toEqual(['v3 available', 'v4 available']);
    expect(fleet.snapshots()).toEqual(['v3', 'v4']);
    expect(result.state.freedGb).toBe(16);
    // The ledger knows, too: nobody is offered a way back to them.
    expect(fleet.releases.map((release) => release.image?.deletedAt !== undefined)).toEqual([true, true, false, false]);
    expect(rollbackTarget(fleet.releases, 'v3')).toBeUndefined();
    expect(fleet.cloud.reports).toEqual([]);
  });

  it('images of any instance, started by hand or stopped', async () => {
    const [v1 = '', v2 = ''] = await releases(5);
    await fleet.launch(v1);
    await fleet.cloud.clock.advance(3_000);
    const stopped = await fleet.launch(v2);
    await fleet.cloud.clock.advance(3_000);
    const record = fleet.cloud.home.instances[stopped];
    if (record) record.state = 'stopped';
    await prune();
    expect(fleet.images()).toEqual(['v1 available', 'v2 available', 'v4 available', 'v5 available']);
  });

  it("images in the group's template, the target of an active refresh, and the default version of the template", async () => {
    const [v1 = '', v2 = '', v3 = ''] = await releases(6);
    const Default = await fleet.templateVersion(v3);
    const template = fleet.cloud.home.launchTemplates[fleet.templateId];
    if (template) template.defaultVersion = Number(Default);
    await fleet.point('api-test', await fleet.templateVersion(v1));
    await fleet.roll(v2, { wait: false });
    expect((await plan()).initial.retire.map((one) => one.version)).toEqual(['v4']);
  });

  it("images that the group gets as its template's latest version", async () => {
    const [v1 = ''] = await releases(4);
    await fleet.point('api-test', '$Latest');
    await fleet.templateVersion(v1);
    expect((await plan()).initial.retire.map((one) => one.version)).toEqual(['v2']);
  });

  it('images in overrides of a mixed instances policy, and in a warm pool', async () => {
    const [v1 = '', v2 = '', v3 = ''] = await releases(6);
    const { autoScaling } = fleet.services.aws;
    const AutoScalingGroupName = 'api-test';
    const spec = (Version: string) => ({ LaunchTemplateId: fleet.templateId, Version });
    await autoScaling.send(new PutWarmPoolCommand({ AutoScalingGroupName, MinSize: 1, PoolState: 'Stopped' }));
    await fleet.point('api-test', await fleet.templateVersion(v3));
    await fleet.cloud.clock.advance(30_000);
    const { WarmPoolConfiguration, Instances } = await autoScaling.send(
      new DescribeWarmPoolCommand({ AutoScalingGroupName }),
    );
    expect(WarmPoolConfiguration?.PoolState).toBe('Stopped');
    expect(Instances).not.toEqual([]);
    await autoScaling.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName,
        MixedInstancesPolicy: {
          LaunchTemplate: {
            LaunchTemplateSpecification: spec(await fleet.templateVersion(v1)),
            Overrides: [
              { InstanceType: 't3.small', LaunchTemplateSpecification: spec(await fleet.templateVersion(v2)) },
            ],
          },
        },
      }),
    );
    // v3 runs nowhere but in the pool.
    expect((await plan()).initial.retire.map((one) => one.version)).toEqual(['v4']);
    const waiting = Object.values(fleet.cloud.home.instances).filter((one) => one.imageId === v3);
    expect(waiting.map((one) => one.state)).toContain('stopped');
  });

  it('images in another launch template of the account', async () => {
    const [v1 = ''] = await releases(4);
    fleet.cloud.home.launchTemplates['lt-0123456789abcdef0'] = {
      ...structuredClone(fleet.cloud.home.launchTemplates[fleet.templateId]),
      id: 'lt-0123456789abcdef0',
      name: 'other',
      versions: [{ number: 1, createdAt: 0, data: { ImageId: v1 } }],
    } as never;
    const { initial } = await plan();
    expect(initial.retire.map((one) => one.version)).toEqual(['v2']);
  });

  it('the rollback target after a rollback', async () => {
    const [, v2 = ''] = await releases(5);
    await fleet.roll(v2);
    await prune();
    expect(fleet.images()).toEqual(['v1 available', 'v2 available', 'v4 available', 'v5 available']);
  });

  it('the rollback target when a rollback has skipped versions, with another release since', async () => {
    const [v1 = ''] = await releases(3);
    await fleet.roll(v1);
    // As the rollback notes it: v2 was skipped, v3 served.
    const rolledBackAt = new Date(fleet.cloud.clock.now()).toISOString();
    for (const record of fleet.releases.slice(1)) record.rolledBackAt = rolledBackAt;
    await fleet.release();
    await prune();
    expect(rollbackTarget(fleet.releases, 'v4')?.version).toBe('v1');
    expect(fleet.images()).toEqual(['v1 available', 'v4 available']);
  });

  it('images shared with another account, unless forced', async () => {
    const [v1 = ''] = await releases(3);
    await share(v1);
    expect((await prune()).state.retired).toEqual([]);
    expect(fleet.images()).toHaveLength(3);
    expect((await prune(true)).state.removed).toEqual(['v1']);
  });

  it('images of other apps and environments', async () => {
    fleet = await TestFleet.create();
    for (let n = 0; n < 3; n++) await fleet.bake({ environment: 'other', ledger: false });
    for (let n = 0; n < 3; n++) await fleet.release();
    await prune();
    expect(fleet.images()).toEqual([
      ...['v1 available', 'v2 available', 'v3 available'],
      ...['v5 available', 'v6 available'],
    ]);
  });

  it('images whose version is used in another region, and removes the copies together otherwise', async () => {
    const [v1 = '', v2 = ''] = await releases(4, {}, ['us-east-1']);
    const there = fleet.cloud.clients('us-east-1').ec2;
    const copies: string[] = [];
    for (const [n, SourceImageId] of [v1, v2].entries()) {
      const { ImageId = '' } = await there.send(
        new CopyImageCommand({
          Name: `api-test-v${n + 1}`,
          SourceImageId,
          SourceRegion: 'eu-west-1',
          TagSpecifications: ['image' as const, 'snapshot' as const].map((ResourceType) => ({
            ResourceType,
            Tags: toTags({ [tagKeys.app]: 'api', [tagKeys.environment]: 'test', [tagKeys.version]: `v${n + 1}` }),
          })),
        }),
      );
      copies.push(ImageId);
    }
    await fleet.cloud.clock.advance(5_000);
    await prune();
    expect(fleet.images('us-east-1')).toEqual(['v1 available', 'v2 available']);
    expect(fleet.images()).toHaveLength(4);
    for (const ImageId of copies) await there.send(new DeregisterImageCommand({ ImageId }));
    await prune();
    expect(fleet.images()).toEqual(['v3 available', 'v4 available']);
    // What the copies have left behind is found by its tags.
    expect(fleet.snapshots('us-east-1')).toEqual([]);
  });
});

describe('the timing of a prune', () => {
  it('removes nothing younger than the minimum age, and disables first and deletes after the grace period', async () => {
    await releases(3, { minimumAgeHours: 1, retireGraceHours: 2 });
    expect((await prune()).state.retired).toEqual([]);
    await fleet.cloud.clock.advance(hour);
    expect((await prune()).state).toMatchObject({ retired: ['v1'], removed: [] });
    expect(fleet.images()[0]).toBe('v1 disabled');
    expect(
      Object.values(fleet.cloud.home.images).find((one) => one.state === 'disabled')?.deprecationTime,
    ).toBeTruthy();
    await fleet.cloud.clock.advance(2 * hour - 1_000);
    expect((await prune()).state.removed).toEqual([]);
    await fleet.cloud.clock.advance(1_000);
    expect((await prune()).state.removed).toEqual(['v1']);
  });

  it('restores a retired image when it is needed again', async () => {
    await releases(3, { retireGraceHours: 2 });
    await prune();
    Object.assign(fleet.services.fleet.release, { keep: 3 });
    expect((await prune()).state.restored).toEqual(['v1']);
    expect(fleet.images()[0]).toBe('v1 available');
    const [image] = Object.values(fleet.cloud.home.images).filter((one) => one.tags[tagKeys.version] === 'v1');
    expect(image?.deprecationTime).toBeUndefined();
    expect(Object.keys(image?.tags ?? {})).not.toContain(tagKeys.retiredAt);
  });
});

describe('a change of others during a prune', () => {
  it('that launches an instance between plan and run keeps the image', async () => {
    const [v1 = ''] = await releases(3);
    const planned = await plan();
    expect(planned.initial.remove.map((one) => one.version)).toEqual(['v1']);
    await fleet.launch(v1);
    const result = await fleet.run(planned);
    expect(result).toMatchObject({ outcome: 'done', state: { retired: [], removed: [] } });
    expect(fleet.images()[0]).toBe('v1 available');
  });

  it('that launches an instance just before the image is disabled restores it in the same run', async () => {
    const [v1 = ''] = await releases(3);
    justBefore('DisableImage', () => fleet.launch(v1));
    const result = await prune();
    expect(result.state).toMatchObject({ retired: ['v1'], removed: [], restored: ['v1'] });
    expect(fleet.images()[0]).toBe('v1 available');
  });

  it('that pins the image at the moment of its deletion takes precedence', async () => {
    await releases(3, { retireGraceHours: 1 });
    await prune();
    await fleet.cloud.clock.advance(hour);
    const pin = await planPin(fleet.services, fleet.cloud.clock, { version: 'v1' });
    justBefore('DeregisterImage', () => fleet.run(pin));
    const result = await prune();
    expect(result).toMatchObject({ outcome: 'done', state: { removed: [] } });
    expect(fleet.images()[0]).toBe('v1 available');
  });

  it('cannot cause anything that the plan did not show', async () => {
    await releases(3);
    const planned = await plan();
    await fleet.release();
    await fleet.run(planned);
    expect(fleet.images()).toEqual(['v2 available', 'v3 available', 'v4 available']);
  });
});

describe('a failure of a prune', () => {
  it('for one image does not affect the others, and is reported with exit code 4', async () => {
    const [v1] = await releases(4);
    fleet.cloud.instead = (operation, input) => {
      if (operation !== 'DisableImage' || (input as { ImageId: string }).ImageId !== v1) return;
      throw new CloudError('OperationNotPermitted', 'the image is managed by AWS Backup');
    };
    const result = await prune();
    expect(result).toMatchObject({ outcome: 'manual-intervention', state: { removed: ['v2'] } });
    expect(result.error).toMatchObject({ code: 'prune.incomplete', details: [expect.stringContaining('AWS Backup')] });
    fleet.cloud.instead = undefined;
    expect((await prune()).state.removed).toEqual(['v1']);
  });

  it('that leaves snapshots of a deregistration is corrected right after, or by a later prune', async () => {
    await releases(4);
    // Two images: one snapshot is left by both ways, one only by the first.
    fleet.cloud.instead = (operation, input) => {
      if (operation === 'DeregisterImage') {
        const image = fleet.cloud.home.images[(input as { ImageId: string }).ImageId];
        if (image) image.state = 'deregistered';
        return { DeleteSnapshotResults: [{ SnapshotId: image?.snapshotId, ReturnCode: 'internal-error' }] };
      }
      if (operation !== 'DeleteSnapshot') return undefined;
      const { SnapshotId = '' } = input as { SnapshotId?: string };
      if (fleet.cloud.home.snapshots[SnapshotId]?.tags[tagKeys.version] !== 'v1') return undefined;
      throw new CloudError('UnauthorizedOperation', 'no leave to delete', 403);
    };
    const result = await prune();
    expect(result).toMatchObject({ outcome: 'manual-intervention', state: { removed: ['v1', 'v2'], freedGb: 8 } });
    expect(fleet.snapshots()).toEqual(['v1', 'v3', 'v4']);
    fleet.cloud.instead = undefined;
    const again = await prune();
    expect(again).toMatchObject({ outcome: 'done', state: { freedGb: 8 } });
    expect(fleet.snapshots()).toEqual(['v3', 'v4']);
  });

  it('by an interruption restores what was just disabled', async () => {
    await releases(4);
    const stop = new AbortController();
    justBefore('DisableImage', async () => stop.abort(new Error('interrupted')));
    const result = await fleet.run(await plan(), stop.signal);
    expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(fleet.images()).toEqual(['v1 available', 'v2 available', 'v3 available', 'v4 available']);
    expect((await prune()).state.removed).toEqual(['v1', 'v2']);
  });

  it('by an interruption keeps retired what another run has retired since', async () => {
    await releases(3);
    const stop = new AbortController();
    const { imageId } = (await plan()).initial.retire[0] ?? { imageId: '' };
    justBefore('DisableImage', async () => {
      await markRetired(fleet.services.aws.ec2, [imageId], Date.parse('2030-01-01T00:00:00Z'));
      stop.abort(new Error('interrupted'));
    });
    expect(await fleet.run(await plan(), stop.signal)).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(await readImage(fleet.services.aws.ec2, imageId)).toMatchObject({ retiredAt: '2030-01-01T00:00:00.000Z' });
  });

  it('for a missing group stops it, as the use of images is unknown', async () => {
    await releases(3);
    Object.assign(fleet.services.fleet.names, { group: 'gone' });
    await expect(plan()).rejects.toMatchObject({ code: 'group.missing' });
  });

  it('for a region that cannot be read stops it', async () => {
    await releases(3, {}, ['us-east-1']);
    fleet.cloud.between = async () => undefined;
    const there = fleet.services.elsewhere?.()[0]?.aws.ec2;
    if (there) there.send = (() => Promise.reject(new Error('denied by policy'))) as typeof there.send;
    await expect(plan()).rejects.toMatchObject({
      code: 'retention.region',
      message: expect.stringContaining('us-east-1'),
    });
  });
});

describe('orphaned images and snapshots', () => {
  it('are removed: failed bakes, images without a release, and snapshots without an image', async () => {
    fleet = await TestFleet.create();
    await fleet.failed();
    await fleet.bake({ ledger: false });
    const { imageId: hand } = await fleet.bake();
    for (let n = 0; n < 2; n++) await fleet.release();
    const { Reservations } = await fleet.services.aws.ec2.send(new DescribeInstancesCommand({}));
    const running = (Reservations ?? [])
      .flatMap((one) => one.Instances ?? [])
      .find((one) => one.State?.Name === 'running');
    const tags = { [tagKeys.app]: 'api', [tagKeys.environment]: 'test' };
    await fleet.services.aws.ec2.send(
      new CreateSnapshotCommand({
        VolumeId: running?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId,
        TagSpecifications: [{ ResourceType: 'snapshot', Tags: toTags(tags) }],
      }),
    );
    await fleet.services.aws.ec2.send(new DeregisterImageCommand({ ImageId: hand }));
    await fleet.cloud.clock.advance(5_000);
    const planned = await plan();
    expect(planned.initial.remove.map((one) => `${one.version} ${one.why}`)).toEqual([
      'v1 its release failed',
      'v2 it belongs to no release in the ledger',
    ]);
    expect(planned.initial.snapshots.map((one) => one.version)).toEqual(['v3', null]);
    await fleet.run(planned);
    expect(fleet.images()).toEqual(['v4 available', 'v5 available']);
    expect(fleet.snapshots()).toEqual(['v4', 'v5']);
  });
});

it('the snapshot of a version that the group launches stays when somebody has deregistered its image', async () => {
  const [, , serving = ''] = await releases(3);
  await fleet.services.aws.ec2.send(new DeregisterImageCommand({ ImageId: serving }));
  await fleet.cloud.clock.advance(5_000);
  expect((await plan()).initial.snapshots).toEqual([]);
  await prune();
  expect(fleet.snapshots()).toContain('v3');
  // Once another version serves, nothing needs it.
  await fleet.release();
  expect((await plan()).initial.snapshots.map((one) => one.version)).toEqual(['v3']);
});

describe('the calls of a prune', () => {
  it('are as many for one instance as for many', async () => {
    const [, , , v4 = ''] = await releases(4);
    const count = async () => {
      const from = fleet.cloud.calls.length;
      await plan();
      return fleet.cloud.calls.length - from;
    };
    const few = await count();
    for (let n = 0; n < 30; n++) await fleet.launch(v4);
    expect(await count()).toBe(few);
    expect(few).toBeLessThanOrEqual(12);
  });

  it('are those of the plan, and reading the plan changes nothing', async () => {
    await releases(4, { retireGraceHours: 1 });
    const reads = fleet.cloud.calls.length;
    const { described } = await plan();
    expect(fleet.cloud.calls.slice(reads).filter((name) => !name.startsWith('Describe'))).toEqual([]);
    expect(described.retire).toEqual([
      expect.stringMatching(/^api-test-v1 \(ami-\w+, 8 GB\): beyond the last known-good ones$/),
      expect.stringMatching(/^api-test-v2 /),
      'deprecated and disabled; deleted by a prune or release after 1 h, can be restored until then',
    ]);
    expect(described.remove).toEqual(['no grace period is over']);
  });
});
