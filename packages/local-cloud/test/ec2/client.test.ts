import {
  AuthorizeSecurityGroupIngressCommand,
  CreateImageCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateSecurityGroupCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeVolumesCommand,
  EC2Client,
  GetConsoleOutputCommand,
  ImportKeyPairCommand,
  ModifyInstanceAttributeCommand,
  paginateDescribeInstances,
  RunInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { account } from '../../src/settings.ts';
import { createWireServer, type WireServer } from '../../src/wire/server.ts';
import { settled, setUp } from './support.ts';

const cloud = setUp();
const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' };
let server: WireServer;
let ec2: EC2Client;

beforeAll(async () => {
  const tables = { ec2: cloud.ec2.handlers, autoscaling: {}, elasticloadbalancing: {} };
  const report = cloud.context.report;
  server = createWireServer({ tables, credentials, region: account.region, clock: systemClock(), report });
  const { port } = await server.listen('127.0.0.1', 0);
  const endpoint = `http://127.0.0.1:${port}`;
  ec2 = new EC2Client({ endpoint, region: account.region, credentials, maxAttempts: 1 });
});

afterAll(async () => {
  ec2.destroy();
  await server.close();
  expect(cloud.reports).toEqual([]);
});

const asTags = (ResourceType: 'instance' | 'volume' | 'image' | 'snapshot') => ({
  ResourceType,
  Tags: [
    { Key: 'app', Value: 'api' },
    { Key: 'empty', Value: '' },
  ],
});

test('the SDK’s client launches from a template version, bakes an image, pages and tidies up', async () => {
  await ec2.send(new CreateKeyPairCommand({ KeyName: 'k', KeyType: 'ed25519' }));
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName: 'web', Description: 'web' }));
  const rule = await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId,
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      CidrIp: '0.0.0.0/0',
    }),
  );
  expect(rule.SecurityGroupRules).toMatchObject([{ GroupId, FromPort: 22, IsEgress: false }]);

  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'api',
      LaunchTemplateData: { ImageId: account.baseImageId, KeyName: 'k', SecurityGroupIds: [GroupId ?? ''] },
    }),
  );
  const LaunchTemplateId = LaunchTemplate?.LaunchTemplateId;
  const { LaunchTemplateVersion } = await ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateId,
      SourceVersion: '1',
      LaunchTemplateData: { TagSpecifications: [asTags('instance'), asTags('volume')] },
    }),
  );
  expect(LaunchTemplateVersion).toMatchObject({ VersionNumber: 2, LaunchTemplateData: { KeyName: 'k' } });
  const { LaunchTemplateVersions } = await ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['$Latest'] }),
  );
  expect(LaunchTemplateVersions).toEqual([LaunchTemplateVersion]);

  const launched = await ec2.send(
    new RunInstancesCommand({ MinCount: 6, MaxCount: 6, LaunchTemplate: { LaunchTemplateId, Version: '2' } }),
  );
  const id = launched.Instances?.[0]?.InstanceId ?? '';
  await cloud.clock.advance(2 * settled);
  const pages: number[] = [];
  for await (const page of paginateDescribeInstances({ client: ec2 }, { MaxResults: 5 })) {
    pages.push((page.Reservations ?? []).flatMap((one) => one.Instances ?? []).length);
  }
  expect(pages).toEqual([5, 1]);
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
    State: { Name: 'running', Code: 16 },
    LaunchTime: expect.any(Date),
    Tags: expect.arrayContaining(asTags('instance').Tags ?? []),
    SecurityGroups: [{ GroupId, GroupName: 'web' }],
  });
  const { Volumes } = await ec2.send(new DescribeVolumesCommand({ Filters: [{ Name: 'tag:app', Values: ['a*'] }] }));
  expect(Volumes).toHaveLength(6);
  const { Output } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
  expect(Buffer.from(Output ?? '', 'base64').toString()).toContain('ssh-ed25519');

  const { ImageId } = await ec2.send(
    new CreateImageCommand({
      InstanceId: id,
      Name: 'api v1',
      TagSpecifications: [asTags('image'), asTags('snapshot')],
    }),
  );
  await cloud.clock.advance(2 * settled);
  const filter = { Name: 'name', Values: ['api*'] };
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters: [filter] }));
  expect(Images).toMatchObject([{ ImageId, State: 'available', Tags: asTags('image').Tags }]);
  const gone = await ec2.send(new DeregisterImageCommand({ ImageId, DeleteAssociatedSnapshots: true }));
  expect(gone.DeleteSnapshotResults).toMatchObject([{ ReturnCode: 'success' }]);
});

test('bytes, and refusals with their codes, cross the wire', async () => {
  const launch = { ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 };
  const userData = Buffer.from('#!/bin/sh\necho ünïcode\n');
  const { Instances } = await ec2.send(new RunInstancesCommand({ ...launch, UserData: userData.toString('base64') }));
  const InstanceId = Instances?.[0]?.InstanceId ?? '';
  await cloud.clock.advance(settled);
  await ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
  await cloud.clock.advance(settled);
  await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, UserData: { Value: Buffer.from('two') } }));
  expect(cloud.state.instances[InstanceId]?.userData).toBe(Buffer.from('two').toString('base64'));
  const publicKey = Object.values(cloud.state.keyPairs)[0]?.publicKey ?? '';
  const imported = await ec2.send(
    new ImportKeyPairCommand({ KeyName: 'b', PublicKeyMaterial: Buffer.from(publicKey) }),
  );
  expect(imported.KeyFingerprint).toBe(Object.values(cloud.state.keyPairs)[0]?.fingerprint);

  await expect(ec2.send(new RunInstancesCommand({ ...launch, DryRun: true }))).rejects.toMatchObject({
    name: 'DryRunOperation',
    $metadata: { httpStatusCode: 412 },
  });
  await expect(ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-1'] }))).rejects.toMatchObject({
    name: 'InvalidInstanceID.Malformed',
  });
  const foreign = new DescribeImagesCommand({ ImageIds: ['ami-0123456789abcdef0'] });
  await expect(ec2.send(foreign)).rejects.toMatchObject({ name: 'InvalidAMIID.NotFound' });
});
