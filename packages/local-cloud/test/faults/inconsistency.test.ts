import {
  AuthorizeSecurityGroupIngressCommand,
  CreateImageCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  GetConsoleOutputCommand,
  ModifyImageAttributeCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { FaultyCloud } from './support.ts';

let f: FaultyCloud;
const hiddenMs = 4_000;
beforeEach(async () => {
  f = await FaultyCloud.start();
});
afterEach(async () => {
  await f.close();
  expect(f.reports).toEqual([]);
});

const one = { MinCount: 1, MaxCount: 1 };
const Tags = [{ Key: 'team', Value: 'shop' }];
const tag = (...Resources: string[]) => f.ec2.send(new CreateTagsCommand({ Resources, Tags }));
const code = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: Error) => error.name,
  );
/** Code of a call that the fault struck, as the record tells. */
async function struck(call: Promise<unknown>): Promise<string> {
  const answer = await code(call);
  expect(f.cloud.calls.report({ limit: 1 }).calls[0]?.faults).toEqual(['f-1']);
  return answer;
}
const hide = () => f.cloud.faults.add({ kind: 'eventual-consistency', delayMs: hiddenMs });

describe('eventual-consistency, for changes', () => {
  it('CLD-FLT-15 of a new instance: they do not find it until it is shown, or runs', async () => {
    const [old = ''] = await f.run();
    hide();
    const run = new RunInstancesCommand({ ...one, ImageId: account.baseImageId });
    const ids = await Promise.all([f.ec2.send(run), f.ec2.send(run)]);
    const [first = '', second = ''] = ids.map(({ Instances }) => Instances?.[0]?.InstanceId ?? '');
    const calls = [
      () => tag(first),
      () => f.ec2.send(new TerminateInstancesCommand({ InstanceIds: [old, first] })),
      () => f.ec2.send(new GetConsoleOutputCommand({ InstanceId: first })),
      () => f.ec2.send(new CreateImageCommand({ InstanceId: first, Name: 'early' })),
      () => f.ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [first] })),
    ];
    for (const call of calls) expect(await struck(call())).toBe('InvalidInstanceID.NotFound');
    await expect(tag(first, old, second)).rejects.toThrow(`The instance IDs '${first}, ${second}' do not exist`);
    // A call that names one of them changes none.
    const { Reservations } = await f.ec2.send(new DescribeInstancesCommand({ InstanceIds: [old] }));
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({ State: { Name: 'running' } });
    expect(Reservations?.[0]?.Instances?.[0]).not.toHaveProperty('Tags');
    const { InstanceStatuses } = await f.ec2.send(new DescribeInstanceStatusCommand({ IncludeAllInstances: true }));
    expect(InstanceStatuses?.map(({ InstanceId }) => InstanceId)).toEqual([old]);
    await f.clock.advance(hiddenMs);
    await tag(first, old, second);
  });

  it('CLD-FLT-15 of a new image and a new snapshot, launches included', async () => {
    const [InstanceId = ''] = await f.run();
    hide();
    const { ImageId = '' } = await f.ec2.send(new CreateImageCommand({ InstanceId, Name: 'new', NoReboot: true }));
    const calls = [
      () => tag(ImageId),
      () => f.ec2.send(new DeregisterImageCommand({ ImageId })),
      () => f.ec2.send(new DescribeImageAttributeCommand({ ImageId, Attribute: 'description' })),
      () => f.ec2.send(new ModifyImageAttributeCommand({ ImageId, Description: { Value: 'x' } })),
      () => f.ec2.send(new RunInstancesCommand({ ...one, ImageId })),
    ];
    for (const call of calls) expect(await struck(call())).toBe('InvalidAMIID.NotFound');
    const { Volumes } = await f.ec2.send(new DescribeVolumesCommand({}));
    const { SnapshotId = '' } = await f.ec2.send(new CreateSnapshotCommand({ VolumeId: Volumes?.[0]?.VolumeId }));
    for (const call of [() => f.ec2.send(new DeleteSnapshotCommand({ SnapshotId })), () => tag(SnapshotId)]) {
      expect(await struck(call())).toBe('InvalidSnapshot.NotFound');
    }
    await f.clock.advance(hiddenMs);
    await tag(ImageId, SnapshotId);
    const { Images } = await f.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
    expect(Images?.[0]).toMatchObject({ State: 'available', Tags });
  });

  it('CLD-FLT-15 of a new launch template and key pair, by id and by name, as a launch names them too', async () => {
    hide();
    const LaunchTemplateName = 'api';
    const data = { ImageId: account.baseImageId };
    const { LaunchTemplate } = await f.ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: data }),
    );
    const LaunchTemplateId = LaunchTemplate?.LaunchTemplateId ?? '';
    for (const which of [{ LaunchTemplateId }, { LaunchTemplateName }]) {
      const version = new CreateLaunchTemplateVersionCommand({ ...which, LaunchTemplateData: data });
      expect(await struck(f.ec2.send(version))).toBe('InvalidLaunchTemplateId.NotFound');
      const launch = new RunInstancesCommand({ ...one, LaunchTemplate: which });
      expect(await struck(f.ec2.send(launch))).toBe('InvalidLaunchTemplateId.NotFound');
    }
    const { KeyPairId = '' } = await f.ec2.send(new CreateKeyPairCommand({ KeyName: 'k' }));
    const launch = () => f.ec2.send(new RunInstancesCommand({ ...one, ImageId: account.baseImageId, KeyName: 'k' }));
    expect(await struck(launch())).toBe('InvalidKeyPair.NotFound');
    expect(await struck(tag(KeyPairId))).toBe('InvalidKeyPair.NotFound');
    // What makes it anew is answered as ever.
    expect(await code(f.ec2.send(new CreateKeyPairCommand({ KeyName: 'k' })))).toBe('InvalidKeyPair.Duplicate');
    await f.clock.advance(hiddenMs);
    await launch();
    await tag(KeyPairId, LaunchTemplateId);
  });

  it('CLD-FLT-15 of a new security group, in rules of others as well, and in lists', async () => {
    const create = async (GroupName: string) =>
      (await f.ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: 'd' }))).GroupId ?? '';
    const old = await create('old');
    await f.clock.advance(1);
    hide();
    const GroupId = await create('new');
    const allow = (to: object, UserIdGroupPairs?: { GroupId: string }[]) =>
      f.ec2.send(
        new AuthorizeSecurityGroupIngressCommand({
          ...to,
          IpPermissions: [
            UserIdGroupPairs
              ? { IpProtocol: '-1', UserIdGroupPairs }
              : { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
          ],
        }),
      );
    const calls = [
      () => allow({ GroupId }),
      () => allow({ GroupName: 'new' }),
      () => allow({ GroupId: old }, [{ GroupId }]),
      () => tag(GroupId),
      () => f.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] })),
      () => f.ec2.send(new RunInstancesCommand({ ...one, ImageId: account.baseImageId, SecurityGroupIds: [GroupId] })),
      () => f.ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
    ];
    for (const call of calls) expect(await struck(call())).toBe('InvalidGroup.NotFound');
    const listed = async () => {
      const { SecurityGroups = [] } = await f.ec2.send(new DescribeSecurityGroupsCommand({}));
      const { SecurityGroupRules = [] } = await f.ec2.send(new DescribeSecurityGroupRulesCommand({}));
      return [SecurityGroups, SecurityGroupRules].map((all) => all.some((item) => item.GroupId === GroupId));
    };
    expect(await listed()).toEqual([false, false]);
    await allow({ GroupId: old });
    await f.clock.advance(hiddenMs);
    expect(await listed()).toEqual([true, true]);
    await allow({ GroupId });
    await allow({ GroupId: old }, [{ GroupId }]);
  });

  it('does not take what describes a thing, or is searched for, for a name of one', async () => {
    const [old = ''] = await f.run();
    hide();
    const { Instances } = await f.ec2.send(new RunInstancesCommand({ ...one, ImageId: account.baseImageId }));
    const Value = Instances?.[0]?.InstanceId ?? '';
    await f.ec2.send(new CreateTagsCommand({ Resources: [old], Tags: [{ Key: 'follows', Value }] }));
    const search = new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [Value] }] });
    expect((await f.ec2.send(search)).Reservations).toEqual([]);
  });
});
