import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CopyImageCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsClients, createClients } from '../../src/aws/clients.ts';
import { setTemplate } from '../../src/aws/groups.ts';
import { createTemplateVersion, readTemplateVersion, setDefaultVersion } from '../../src/aws/launch-templates.ts';
import { readRefresh, startRefresh } from '../../src/aws/refreshes.ts';
import { type LocalCloud, startLocalCloud } from '../../src/local-cloud/daemon/cloud.ts';
import { createPoll } from '../../src/run/poll.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { awsFleet, synthesise } from './support/synth.ts';

const clock = systemClock(20);
const poll = createPoll(clock);
const group = 'api-production';
let dir: string;
let cloud: LocalCloud;
let aws: AwsClients;
let base: string;
let golden: string;
let templateId: string;

/** What CloudFormation would be given for the group and for the template's data. */
function properties(settings: Record<string, unknown>) {
  const template = synthesise(awsFleet(settings))('api-production');
  const only = (type: string) => Object.values(template.findResources(type))[0]?.Properties;
  const { MinSize, MaxSize, LaunchTemplate } = only('AWS::AutoScaling::AutoScalingGroup');
  const { LaunchTemplateData, VersionDescription } = only('AWS::EC2::LaunchTemplate');
  const { InstanceType } = LaunchTemplateData;
  return {
    MinSize: Number(MinSize),
    MaxSize: Number(MaxSize),
    version: LaunchTemplate.Version,
    InstanceType,
    VersionDescription,
  };
}

/** Changes the group as CloudFormation does when one of its properties has changed: with all that stand in the template. */
async function deployGroup({ MinSize, MaxSize, version: Version }: ReturnType<typeof properties>): Promise<void> {
  await aws.autoScaling.send(
    new UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: group,
      MinSize,
      MaxSize,
      LaunchTemplate: { LaunchTemplateId: templateId, Version },
    }),
  );
}

/** Changes the template as CloudFormation does: a new version, which is not the default one. */
async function deployTemplate({ InstanceType, VersionDescription }: ReturnType<typeof properties>): Promise<void> {
  await aws.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateId: templateId,
      VersionDescription,
      LaunchTemplateData: { ImageId: base, InstanceType },
    }),
  );
}

async function state() {
  const { AutoScalingGroups } = await aws.autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
  );
  const found = AutoScalingGroups?.[0];
  const { imageId } = await readTemplateVersion(aws.ec2, templateId, found?.LaunchTemplate?.Version ?? '');
  const { Reservations } = await aws.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['running'] }] }),
  );
  const images = (Reservations ?? []).flatMap((one) => one.Instances ?? []).map((one) => one.ImageId);
  return { launches: imageId, runs: images, desired: found?.DesiredCapacity, max: found?.MaxSize };
}

/** What a release does to template and group. */
async function release(imageId: string): Promise<string> {
  const { number } = await createTemplateVersion(aws.ec2, {
    templateId,
    sourceVersion: (await readTemplateVersion(aws.ec2, templateId, '$Default')).number,
    imageId,
    description: 'api v1',
    instanceTags: {},
    token: `release-${clock.now()}`,
  });
  const { number: serving } = await readTemplateVersion(aws.ec2, templateId, '$Default');
  await setTemplate(aws.autoScaling, group, { id: templateId, version: serving });
  const preferences = { minHealthyPercentage: 100, maxHealthyPercentage: 200, instanceWarmupSeconds: 0 };
  await startRefresh(aws.autoScaling, group, { id: templateId, version: number }, preferences);
  await poll({
    what: 'the refresh to end',
    read: () => readRefresh(aws.autoScaling, group),
    until: (refresh) => refresh?.status === 'Successful',
    everyMs: 200,
    timeoutMs: 300_000,
  });
  await setDefaultVersion(aws.ec2, templateId, number);
  return number;
}

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-infra-'));
  cloud = await startLocalCloud({ dir, driver: 'simulated', clock });
  aws = createClients({ region: cloud.region, endpoint: cloud.endpoint, credentials: cloud.credentials });
  const { Images } = await aws.ec2.send(
    new DescribeImagesCommand({ Filters: [{ Name: 'name', Values: ['golden-base-*'] }] }),
  );
  base = Images?.[0]?.ImageId ?? '';
  const copy = await aws.ec2.send(
    new CopyImageCommand({ Name: 'api-v1', SourceImageId: base, SourceRegion: cloud.region }),
  );
  golden = copy.ImageId ?? '';
  await poll({
    what: 'the image',
    read: () => aws.ec2.send(new DescribeImagesCommand({ ImageIds: [golden] })),
    until: ({ Images: found }) => found?.[0]?.State === 'available',
    everyMs: 200,
    timeoutMs: 300_000,
  });
  const first = properties({});
  const { LaunchTemplate } = await aws.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: group,
      VersionDescription: first.VersionDescription,
      LaunchTemplateData: { ImageId: base, InstanceType: first.InstanceType },
    }),
  );
  templateId = LaunchTemplate?.LaunchTemplateId ?? '';
  const { Subnets } = await aws.ec2.send(new DescribeSubnetsCommand({}));
  await aws.autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: group,
      MinSize: first.MinSize,
      MaxSize: first.MaxSize,
      DesiredCapacity: 2,
      LaunchTemplate: { LaunchTemplateId: templateId, Version: first.version },
      VPCZoneIdentifier: Subnets?.map((subnet) => subnet.SubnetId).join(','),
    }),
  );
  await release(golden);
}, 60_000);

afterEach(async () => {
  for (const client of Object.values(aws)) client.destroy();
  await cloud.close();
  await rm(dir, { recursive: true, force: true });
});

describe('a deploy of the infrastructure after a release', () => {
  it('changes what it is about and moves the fleet to no other image', async () => {
    expect(await state()).toEqual({ launches: golden, runs: [golden, golden], desired: 2, max: 10 });
    const changed = properties({ capacity: { min: 2, max: 40 }, instance: { type: 'm5.large' } });
    await deployTemplate(changed);
    await deployGroup(changed);
    expect(await state()).toEqual({ launches: golden, runs: [golden, golden], desired: 2, max: 40 });

    // The same deploy with a number in the template is what must not happen: it would move the fleet back.
    await deployGroup({ ...changed, version: '1' });
    expect((await state()).launches).toBe(base);
  });

  it('reaches the fleet with the next release', async () => {
    await deployTemplate(properties({ instance: { type: 'm5.large' } }));
    const number = await release(golden);
    const { LaunchTemplateVersions } = await aws.ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: templateId, Versions: [number] }),
    );
    expect(LaunchTemplateVersions?.[0]?.LaunchTemplateData).toMatchObject({
      ImageId: golden,
      InstanceType: 'm5.large',
    });
  });

  it('changes only what the configuration changed', () => {
    const before = synthesise(awsFleet({}))('api-production').toJSON();
    const after = synthesise(awsFleet({ capacity: { min: 4, max: 40 } }))('api-production').toJSON();
    const differing = Object.keys(before.Resources).filter(
      (id) => JSON.stringify(before.Resources[id]) !== JSON.stringify(after.Resources[id]),
    );
    expect(differing).toEqual(['GroupApiProduction']);
    expect(after.Resources.GroupApiProduction.Properties).toEqual({
      ...before.Resources.GroupApiProduction.Properties,
      MaxSize: '40',
    });
  });
});
