import {
  CopySnapshotCommand,
  CreateImageCommand,
  CreateSnapshotCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  ModifySnapshotAttributeCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World } from './support.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

const volumes = async (id: string) =>
  (await world.ec2.send(new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [id] }] })))
    .Volumes ?? [];

describe('snapshots and volumes', () => {
  const snapshot = async (id: string) =>
    (await world.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots?.[0];

  it('EC2-SNP-01 of images are completed when the image is available, and carry the tags for snapshots', async () => {
    const InstanceId = await world.running();
    const Tags = [{ Key: 'release', Value: 'v1' }];
    const { ImageId = '' } = await world.ec2.send(
      new CreateImageCommand({
        ...{ InstanceId, Name: world.name('image'), NoReboot: true },
        TagSpecifications: [{ ResourceType: 'snapshot', Tags }],
      }),
    );
    const id = (await world.image(ImageId)).BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '';
    expect(await snapshot(id)).toMatchObject({ State: 'pending', Progress: '0%', Tags });
    const image = await world.until(
      () => world.image(ImageId),
      (one) => one.State === 'available',
    );
    expect(image).not.toHaveProperty('Tags');
    expect(await snapshot(id)).toMatchObject({ State: 'completed', Progress: '100%' });
  });

  it('EC2-SNP-02 that a registered image needs cannot be deleted, and stay when it is deregistered by default', async () => {
    const InstanceId = await world.running();
    const baked = async () => {
      const ImageId = await world.baked(InstanceId);
      return { ImageId, SnapshotId: (await world.image(ImageId)).BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '' };
    };
    const [one, two] = [await baked(), await baked()];
    expect(await refusal(world.ec2.send(new DeleteSnapshotCommand(one)))).toBe('InvalidSnapshot.InUse');
    await world.ec2.send(new DeregisterImageCommand({ ImageId: one.ImageId }));
    expect((await snapshot(one.SnapshotId))?.State).toBe('completed');
    await world.ec2.send(new DeleteSnapshotCommand({ SnapshotId: one.SnapshotId }));
    expect(await refusal(snapshot(one.SnapshotId))).toBe('InvalidSnapshot.NotFound');
    const { DeleteSnapshotResults } = await world.ec2.send(
      new DeregisterImageCommand({ ImageId: two.ImageId, DeleteAssociatedSnapshots: true }),
    );
    expect(DeleteSnapshotResults).toEqual([{ SnapshotId: two.SnapshotId, ReturnCode: 'success' }]);
    expect(await refusal(snapshot(two.SnapshotId))).toBe('InvalidSnapshot.NotFound');
  });

  it('EC2-SNP-03 of volumes and copies are pending for the delay, then completed', async () => {
    const id = await world.running();
    const [volume] = await volumes(id);
    const took = await world.took(async () => {
      const { SnapshotId = '', State } = await world.ec2.send(
        new CreateSnapshotCommand({ VolumeId: volume?.VolumeId }),
      );
      expect(State).toBe('pending');
      const copy = () =>
        world.ec2.send(new CopySnapshotCommand({ SourceSnapshotId: SnapshotId, SourceRegion: world.cloud.region }));
      expect(await refusal(copy())).toBe('IncorrectState');
      await world.until(
        () => snapshot(SnapshotId),
        (one) => one?.State === 'completed',
      );
      expect((await snapshot((await copy()).SnapshotId ?? ''))?.State).toBe('pending');
    });
    expect(took).toBeGreaterThanOrEqual(world.delays.imagePending);
  });

  it('EC2-SNP-04 share the permission to make volumes, with accounts of 12 digits', async () => {
    const SnapshotId = (await world.image(account.baseImageId)).BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
    const permit = (UserId: string) =>
      world.ec2.send(new ModifySnapshotAttributeCommand({ SnapshotId, CreateVolumePermission: { Add: [{ UserId }] } }));
    await permit('123456789012');
    expect(await refusal(permit('12'))).toBe('InvalidAMIAttributeItemValue');
  });

  it('EC2-SNP-05 are of the one root volume that each instance has until it is terminated', async () => {
    const id = await world.running();
    const found = await volumes(id);
    expect(found).toMatchObject([{ State: 'in-use', VolumeType: 'gp3', Attachments: [{ State: 'attached' }] }]);
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await world.reached(id, 'terminated');
    expect(await volumes(id)).toEqual([]);
  });
});
