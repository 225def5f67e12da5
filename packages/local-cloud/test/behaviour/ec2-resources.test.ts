import { randomBytes } from 'node:crypto';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DeleteLaunchTemplateVersionsCommand,
  DeleteSecurityGroupCommand,
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypesCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeRegionsCommand,
  DescribeSecurityGroupsCommand,
  DescribeTagsCommand,
  EC2Client,
  ModifyLaunchTemplateCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World } from './support.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

describe('launch templates', () => {
  const version = (LaunchTemplateName: string, more = {}) =>
    world.ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateName,
        SourceVersion: '1',
        LaunchTemplateData: { InstanceType: 'm5.large' },
        ...more,
      }),
    );
  const versions = async (LaunchTemplateName: string, Versions?: string[]) =>
    (await world.ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions })))
      .LaunchTemplateVersions ?? [];

  it('EC2-TPL-01 number their versions from 1; a new one is the latest, and the default stays', async () => {
    const name = await world.template();
    expect((await version(name)).LaunchTemplateVersion).toMatchObject({ VersionNumber: 2, DefaultVersion: false });
    expect((await versions(name, ['$Latest']))[0]?.VersionNumber).toBe(2);
    expect((await versions(name, ['$Default']))[0]?.VersionNumber).toBe(1);
    await world.ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateName: name, DefaultVersion: '2' }));
    expect((await versions(name, ['$Default']))[0]?.VersionNumber).toBe(2);
    expect((await versions(name)).map((one) => one.VersionNumber)).toEqual([2, 1]);
  });

  it('EC2-TPL-02 take from the source version what the new one does not say', async () => {
    const name = await world.template();
    await version(name);
    expect((await versions(name, ['2']))[0]?.LaunchTemplateData).toMatchObject({
      ImageId: account.baseImageId,
      InstanceType: 'm5.large',
    });
    await version(name, { SourceVersion: undefined });
    expect((await versions(name, ['3']))[0]?.LaunchTemplateData?.ImageId).toBeUndefined();
  });

  it('EC2-TPL-03 make one version for one client token', async () => {
    const name = await world.template();
    const ClientToken = world.name('token');
    const first = await version(name, { ClientToken });
    expect((await version(name, { ClientToken })).LaunchTemplateVersion).toEqual(first.LaunchTemplateVersion);
    expect(await refusal(version(name, { ClientToken, VersionDescription: 'x' }))).toBe('IdempotentParameterMismatch');
    expect(await versions(name)).toHaveLength(2);
  });

  it('EC2-TPL-04 never use the number of a deleted version again, and keep the default one', async () => {
    const name = await world.template();
    await version(name);
    const { SuccessfullyDeletedLaunchTemplateVersions: done, UnsuccessfullyDeletedLaunchTemplateVersions: failed } =
      await world.ec2.send(
        new DeleteLaunchTemplateVersionsCommand({ LaunchTemplateName: name, Versions: ['1', '2', '9'] }),
      );
    expect(done?.map((one) => one.VersionNumber)).toEqual([2]);
    expect(failed?.map((one) => one.VersionNumber)).toEqual([1, 9]);
    expect((await version(name)).LaunchTemplateVersion?.VersionNumber).toBe(3);
  });

  it('EC2-TPL-05 have names of their own, and may name an image that is not there until the launch', async () => {
    const LaunchTemplateName = world.name('later');
    const create = () =>
      world.ec2.send(
        new CreateLaunchTemplateCommand({
          LaunchTemplateName,
          LaunchTemplateData: { ImageId: 'ami-0123456789abcdef0' },
        }),
      );
    await create();
    expect(await refusal(create())).toBe('InvalidLaunchTemplateName.AlreadyExistsException');
    const LaunchTemplate = { LaunchTemplateName };
    expect(await refusal(world.run({ ImageId: undefined, LaunchTemplate }))).toBe('InvalidAMIID.NotFound');
    expect(await refusal(world.run({ LaunchTemplate: { ...LaunchTemplate, Version: '7' } }))).toBe(
      'InvalidLaunchTemplateId.VersionNotFound',
    );
  });

  it('EC2-TPL-06 are overridden by what the launch says, and mark the instance', async () => {
    const LaunchTemplateName = await world.template();
    const run = await world.run({ LaunchTemplate: { LaunchTemplateName }, InstanceType: 'c5.large' });
    expect(run.InstanceType).toBe('c5.large');
    const tags = Object.fromEntries((run.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    expect(tags['aws:ec2launchtemplate:version']).toBe('1');
  });
});

describe('key pairs', () => {
  it('EC2-KEY-01 give their private key once, and are real', async () => {
    const KeyName = world.name('key');
    const create = () => world.ec2.send(new CreateKeyPairCommand({ KeyName, KeyType: 'ed25519' }));
    expect((await create()).KeyMaterial).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    expect(await refusal(create())).toBe('InvalidKeyPair.Duplicate');
    const { KeyPairs } = await world.ec2.send(
      new DescribeKeyPairsCommand({ KeyNames: [KeyName], IncludePublicKey: true }),
    );
    expect(KeyPairs?.[0]?.PublicKey).toMatch(/^ssh-ed25519 /);
  });

  it('EC2-KEY-02 may be deleted more than once, but must be there at a launch', async () => {
    const KeyName = world.name('gone');
    await world.ec2.send(new DeleteKeyPairCommand({ KeyName }));
    expect(await refusal(world.run({ KeyName }))).toBe('InvalidKeyPair.NotFound');
  });
});

describe('security groups', () => {
  const create = async (GroupName = world.name('group')) =>
    (await world.ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: 'for a test' }))).GroupId ?? '';
  const http = { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
  const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
  const allow = (GroupId: string, ...IpPermissions: (typeof http)[]) =>
    world.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  const find = async (GroupId: string) =>
    (await world.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }))).SecurityGroups?.[0];

  it('EC2-SEC-01 let everything out and nothing in at first, and have names of their own', async () => {
    const GroupName = world.name('group');
    const id = await create(GroupName);
    expect(await find(id)).toMatchObject({ IpPermissions: [], IpPermissionsEgress: [{ IpProtocol: '-1' }] });
    expect(await refusal(create(GroupName))).toBe('InvalidGroup.Duplicate');
    expect(await refusal(create('sg-mine'))).toBe('InvalidParameterValue');
    expect(await refusal(create('default'))).toBe('InvalidGroup.Reserved');
  });

  it('EC2-SEC-02 take all rules of a call or none, and none twice', async () => {
    const id = await create();
    await allow(id, http);
    expect(await refusal(allow(id, ssh, http))).toBe('InvalidPermission.Duplicate');
    expect((await find(id))?.IpPermissions).toHaveLength(1);
  });

  it('EC2-SEC-03 that are used, and the default one, cannot be deleted', async () => {
    const id = await create();
    const remove = (GroupId: string) => world.ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
    const user = await world.running({ SecurityGroupIds: [id] });
    expect(await refusal(remove(id))).toBe('DependencyViolation');
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [user] }));
    await world.reached(user, 'terminated');
    await remove(id);
    expect(await refusal(find(id))).toBe('InvalidGroup.NotFound');
    expect(await refusal(remove(account.defaultSecurityGroupId))).toBe('CannotDelete');
  });
});

describe('tags', () => {
  const tag = (Resources: string[], tags: Record<string, string>) =>
    world.ec2.send(
      new CreateTagsCommand({ Resources, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    );

  it('EC2-TAG-01 are put on all resources of a call, or on none', async () => {
    const id = await world.running();
    await tag([id, account.vpcId], { app: 'api' });
    expect((await world.instance(id)).Tags).toEqual([{ Key: 'app', Value: 'api' }]);
    expect(await refusal(tag([id, 'ami-0123456789abcdef0'], { app: 'other' }))).toBe('InvalidAMIID.NotFound');
    const { Tags } = await world.ec2.send(
      new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }),
    );
    expect(Tags).toEqual([{ Key: 'app', Value: 'api', ResourceId: id, ResourceType: 'instance' }]);
  });

  it('EC2-TAG-02 are 50 at most, of 128 and 256 characters, none of them with the prefix of AWS', async () => {
    const id = await world.running();
    const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, at) => [`key-${at}`, '']));
    await tag([id], many(50));
    expect(await refusal(tag([id], { more: '' }))).toBe('TagLimitExceeded');
    const wrong: Record<string, string>[] = [{ 'aws:x': '' }, { ['k'.repeat(129)]: '' }, { k: 'v'.repeat(257) }];
    for (const tags of wrong) expect(await refusal(tag([account.vpcId], tags))).toBe('InvalidParameterValue');
  });
});

describe('network and regions', () => {
  it('EC2-NET-02 are 17 regions with zones of their own, each with its own resources', async () => {
    const { Regions = [] } = await world.ec2.send(new DescribeRegionsCommand({}));
    expect(Regions).toHaveLength(17);
    const every = (await world.ec2.send(new DescribeRegionsCommand({ AllRegions: true }))).Regions ?? [];
    const optIn = every.filter((one) => one.OptInStatus === 'not-opted-in').map((one) => one.RegionName);
    expect([every.length, optIn.includes('af-south-1')]).toEqual([17 + optIn.length, true]);
    const away = world.connect(new EC2Client({ ...world.config('us-east-1'), maxAttempts: 1 }));
    const { AvailabilityZones = [] } = await away.send(new DescribeAvailabilityZonesCommand({}));
    expect(AvailabilityZones.map((one) => one.ZoneName)).toContain('us-east-1f');
    const KeyName = `key-${randomBytes(4).toString('hex')}`;
    await away.send(new CreateKeyPairCommand({ KeyName, KeyType: 'ed25519' }));
    expect(await refusal(world.ec2.send(new DescribeKeyPairsCommand({ KeyNames: [KeyName] })))).toBe(
      'InvalidKeyPair.NotFound',
    );
    away.destroy();
  });

  it('EC2-NET-03 give instances an address of their own in 127.0.0.0/8, in the zone asked for', async () => {
    const [one, two] = [await world.run(), await world.run({ Placement: { AvailabilityZone: 'eu-west-1b' } })];
    expect(one.PrivateIpAddress).toMatch(/^127\.\d+\.\d+\.\d+$/);
    expect(two.PrivateIpAddress).not.toBe(one.PrivateIpAddress);
    expect([one.Placement?.AvailabilityZone, two.Placement?.AvailabilityZone]).toEqual(['eu-west-1a', 'eu-west-1b']);
    expect(two.SubnetId).toBe(account.subnets['eu-west-1b']);
  });

  it('EC2-NET-04 offer some types in lists, and refuse to describe others', async () => {
    const types = (InstanceTypes: string[]) =>
      world.ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: InstanceTypes as ['t3.micro'] }));
    expect((await types(['t3.micro'])).InstanceTypes?.[0]?.MemoryInfo?.SizeInMiB).toBe(1024);
    expect(await refusal(types(['z9x.huge']))).toBe('InvalidInstanceType');
  });
});
