import {
  AttachVolumeCommand,
  CreateImageCommand,
  CreateSnapshotCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  type CreateVolumeCommandInput,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  ModifyInstanceAttributeCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World } from './support.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

const volume = async (id: string) =>
  (await world.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes?.[0];
const create = (more: Partial<CreateVolumeCommandInput> = {}) =>
  world.ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'eu-west-1a', Size: 4, ...more }));
const made = async (more: Partial<CreateVolumeCommandInput> = {}) => (await create(more)).VolumeId ?? '';
const attach = (VolumeId: string, InstanceId: string, Device = '/dev/sdf') =>
  world.ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }));
const devices = async (id: string) => (await world.instance(id)).BlockDeviceMappings ?? [];
const terminated = async (id: string) => {
  await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await world.reached(id, 'terminated');
};
const launch = (BlockDeviceMappings: RunInstancesCommandInput['BlockDeviceMappings']) =>
  world.ec2.send(
    new RunInstancesCommand({ ImageId: account.baseImageId, MinCount: 1, MaxCount: 1, BlockDeviceMappings }),
  );

describe('volumes of launches', () => {
  it('EC2-SNP-05 are as the block device mappings say, over what the image has', async () => {
    const id = await world.running({
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, VolumeType: 'gp3', Iops: 4000, Throughput: 200 } },
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 10, Encrypted: true, DeleteOnTermination: false } },
        { DeviceName: '/dev/sdg', NoDevice: '' },
        { DeviceName: '/dev/sdh', VirtualName: 'ephemeral0' },
      ],
      TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'app', Value: 'api' }] }],
    });
    const { Volumes } = await world.ec2.send(
      new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [id] }] }),
    );
    const byDevice = Object.fromEntries((Volumes ?? []).map((one) => [one.Attachments?.[0]?.Device, one]));
    expect(Object.keys(byDevice).sort()).toEqual(['/dev/sdf', '/dev/xvda']);
    const Tags = [{ Key: 'app', Value: 'api' }];
    expect(byDevice['/dev/xvda']).toMatchObject({ Size: 20, VolumeType: 'gp3', Iops: 4000, Throughput: 200, Tags });
    expect(byDevice['/dev/sdf']).toMatchObject({ Size: 10, VolumeType: 'gp2', Iops: 100, Encrypted: true, Tags });
    expect(byDevice['/dev/sdf']?.KmsKeyId).toContain('alias/aws/ebs');
    expect((await devices(id)).map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.DeleteOnTermination])).toEqual([
      ['/dev/xvda', true],
      ['/dev/sdf', false],
    ]);
    const image = await world.image(await world.baked(id));
    expect(image.BlockDeviceMappings).toMatchObject([{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20 } }]);
    expect((await world.instance(await world.running({ ImageId: image.ImageId }))).BlockDeviceMappings).toHaveLength(1);
  });

  it('EC2-VOL-01 stay where they are not to go with their instance, and go otherwise', async () => {
    const id = await world.running({
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: false } },
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1, DeleteOnTermination: false } },
        { DeviceName: '/dev/sdg', Ebs: { VolumeSize: 1 } },
      ],
    });
    const [root = '', kept = '', gone = ''] = (await devices(id)).map(({ Ebs }) => Ebs?.VolumeId ?? '');
    await terminated(id);
    for (const left of [root, kept]) {
      expect(await volume(left)).toMatchObject({ State: 'available', Attachments: [] });
      await world.ec2.send(new DeleteVolumeCommand({ VolumeId: left }));
    }
    expect(await refusal(volume(gone))).toBe('InvalidVolume.NotFound');
    expect(await devices(id)).toEqual([]);
  });

  it('EC2-VOL-01 stay or go as ModifyInstanceAttribute sets it later', async () => {
    const id = await world.running({ BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } }] });
    const [root = '', extra = ''] = (await devices(id)).map(({ Ebs }) => Ebs?.VolumeId ?? '');
    const set = (DeviceName: string, DeleteOnTermination: boolean) =>
      world.ec2.send(
        new ModifyInstanceAttributeCommand({
          InstanceId: id,
          BlockDeviceMappings: [{ DeviceName, Ebs: { DeleteOnTermination } }],
        }),
      );
    expect(await refusal(set('/dev/sdz', false))).toBe('InvalidInstanceAttributeValue');
    await set('/dev/xvda', false);
    await set('/dev/sdf', false);
    await terminated(id);
    for (const one of [root, extra]) expect((await volume(one))?.State).toBe('available');
  });

  it('EC2-VOL-02 are refused without a size, of wrong kinds and sizes, and twice on one device', async () => {
    const snapshot = (await world.image(account.baseImageId)).BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
    for (const [mapping, code] of [
      [{ DeviceName: '/dev/sdf' }, 'MissingParameter'],
      [{ DeviceName: '/dev/sdf', Ebs: {} }, 'MissingParameter'],
      [{ Ebs: { VolumeSize: 1 } }, 'MissingParameter'],
      [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 0 } }, 'InvalidParameterValue'],
      [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 4, VolumeType: 'io1' } }, 'InvalidParameterValue'],
      [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 4, Throughput: 200 } }, 'InvalidParameterValue'],
      [{ DeviceName: '/dev/sdf', Ebs: { SnapshotId: 'snap-0123456789abcdef0' } }, 'InvalidSnapshot.NotFound'],
      [{ DeviceName: '/dev/sdf', Ebs: { SnapshotId: snapshot, VolumeSize: 2 } }, 'InvalidBlockDeviceMapping'],
      [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 2 } }, 'InvalidBlockDeviceMapping'],
      [{ DeviceName: '/dev/xvda', NoDevice: '' }, 'InvalidBlockDeviceMapping'],
    ] as const)
      expect(await refusal(launch([mapping])), JSON.stringify(mapping)).toBe(code);
    const twice = { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } };
    expect(await refusal(launch([twice, twice]))).toBe('InvalidBlockDeviceMapping');
  });
});

describe('volumes', () => {
  it('EC2-VOL-03 are made, attached, detached and deleted', async () => {
    const id = await world.running({ Placement: { AvailabilityZone: 'eu-west-1a' } });
    const answer = await create({ VolumeType: 'gp3' });
    expect(answer).toMatchObject({ State: 'creating', Size: 4, Iops: 3000, Throughput: 125, Tags: [] });
    const VolumeId = answer.VolumeId ?? '';
    expect(await volume(VolumeId)).toMatchObject({ State: 'available', Attachments: [] });
    expect(await volume(VolumeId)).not.toHaveProperty('Tags');
    expect((await attach(VolumeId, id)).State).toBe('attaching');
    expect(await volume(VolumeId)).toMatchObject({
      State: 'in-use',
      Attachments: [{ InstanceId: id, Device: '/dev/sdf', State: 'attached', DeleteOnTermination: false }],
    });
    expect((await devices(id)).map(({ DeviceName }) => DeviceName)).toEqual(['/dev/xvda', '/dev/sdf']);
    expect(await refusal(attach(VolumeId, id, '/dev/sdg'))).toBe('VolumeInUse');
    expect(await refusal(world.ec2.send(new DeleteVolumeCommand({ VolumeId })))).toBe('VolumeInUse');
    const other = await made();
    expect(await refusal(attach(other, id, '/dev/sdf'))).toBe('InvalidParameterValue');
    expect(await refusal(attach(other, id, '/etc/passwd'))).toBe('InvalidParameterValue');
    const far = await made({ AvailabilityZone: 'eu-west-1b' });
    expect(await refusal(attach(far, id, '/dev/sdg'))).toBe('InvalidVolume.ZoneMismatch');
    const detach = () => world.ec2.send(new DetachVolumeCommand({ VolumeId }));
    expect((await detach()).State).toBe('detaching');
    expect(await refusal(detach())).toBe('IncorrectState');
    const root = (await devices(id))[0]?.Ebs?.VolumeId;
    expect(await refusal(world.ec2.send(new DetachVolumeCommand({ VolumeId: root })))).toBe('OperationNotPermitted');
    await world.ec2.send(new DeleteVolumeCommand({ VolumeId }));
    expect(await refusal(volume(VolumeId))).toBe('InvalidVolume.NotFound');
    expect(await refusal(volume('vol-1'))).toBe('InvalidVolumeID.Malformed');
  });

  it('EC2-VOL-04 are made once for a client token, of a size or a snapshot', async () => {
    const once = { ClientToken: world.name('token'), Size: 5 };
    const first = await made(once);
    expect(await made(once)).toBe(first);
    expect(await refusal(create({ ...once, Size: 6 }))).toBe('IdempotentParameterMismatch');
    const { SnapshotId = '' } = await world.ec2.send(new CreateSnapshotCommand({ VolumeId: first }));
    await world.until(
      () => create({ SnapshotId, Size: undefined }).catch(() => undefined),
      (answer) => answer?.Size === 5 && answer.SnapshotId === SnapshotId,
    );
    expect(await refusal(create({ SnapshotId, Size: 1 }))).toBe('InvalidParameterValue');
    expect(await refusal(create({ Size: undefined }))).toBe('MissingParameter');
    expect(await refusal(create({ AvailabilityZone: 'eu-west-1z' }))).toBe('InvalidZone.NotFound');
    expect(await refusal(create({ MultiAttachEnabled: true }))).toBe('UnsupportedOperation');
    expect(await refusal(create({ KmsKeyId: 'alias/mine' }))).toBe('InvalidParameterDependency');
    await world.ec2.send(new CreateTagsCommand({ Resources: [first], Tags: [{ Key: 'app', Value: 'api' }] }));
    const { Volumes } = await world.ec2.send(
      new DescribeVolumesCommand({
        Filters: [
          { Name: 'tag:app', Values: ['api'] },
          { Name: 'status', Values: ['available'] },
          { Name: 'size', Values: ['5'] },
        ],
      }),
    );
    expect(Volumes?.map(({ VolumeId }) => VolumeId)).toEqual([first]);
  });

  it('EC2-VOL-05 beside the root volume are in no image', async () => {
    const id = await world.running({ BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } }] });
    expect((await world.image(await world.baked(id))).BlockDeviceMappings).toHaveLength(1);
    const image = (BlockDeviceMappings: object[]) =>
      world.ec2.send(
        new CreateImageCommand({ InstanceId: id, Name: world.name('image'), NoReboot: true, BlockDeviceMappings }),
      );
    await image([{ DeviceName: '/dev/sdf', NoDevice: '' }]);
    expect(await refusal(image([{ DeviceName: '/dev/sdg', Ebs: { VolumeSize: 1 } }]))).toBe('UnsupportedOperation');
  });
});
