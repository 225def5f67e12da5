import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  DescribeImageAttributeCommand,
  DescribeImageReferencesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  groupTemplates,
  imageReferences,
  instancesByImage,
  refreshTemplates,
  sharedWith,
  templateImages,
} from '../../src/aws/image-use.ts';

const options = { region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
const ec2 = new EC2Client(options);
const autoScaling = new AutoScalingClient(options);
const mock = mockClient(ec2);
const groups = mockClient(autoScaling);

beforeEach(() => {
  mock.reset();
  groups.reset();
});

const spec = (id: string, Version?: string) => ({ LaunchTemplateId: id, Version });
const mixed = {
  LaunchTemplate: {
    LaunchTemplateSpecification: spec('lt-2', '$Latest'),
    Overrides: [{ InstanceType: 't3.large' }, { LaunchTemplateSpecification: spec('lt-3') }],
  },
};

describe('groupTemplates', () => {
  it('finds the own template, and those of a mixed instances policy and its overrides, page by page', async () => {
    groups
      .on(DescribeAutoScalingGroupsCommand)
      .resolvesOnce({
        AutoScalingGroups: [{ AutoScalingGroupName: 'blue', LaunchTemplate: spec('lt-1', '7') } as never],
        NextToken: 'more',
      })
      .resolves({ AutoScalingGroups: [{ AutoScalingGroupName: 'green', MixedInstancesPolicy: mixed } as never] });
    expect(await groupTemplates(autoScaling, ['blue', 'green', 'gone'])).toEqual([
      { name: 'blue', uses: [{ templateId: 'lt-1', version: '7', by: 'group blue' }] },
      {
        name: 'green',
        uses: [
          { templateId: 'lt-2', version: '$Latest', by: 'group green' },
          { templateId: 'lt-3', version: '$Default', by: 'group green' },
        ],
      },
    ]);
    const [call] = groups.commandCalls(DescribeAutoScalingGroupsCommand);
    expect(call?.args[0].input).toMatchObject({
      AutoScalingGroupNames: ['blue', 'green', 'gone'],
      IncludeInstances: false,
    });
  });
});

describe('refreshTemplates', () => {
  it('returns the target of an active refresh, and nothing for a finished one', async () => {
    const refresh = { DesiredConfiguration: { LaunchTemplate: spec('lt-1', '8') } };
    groups
      .on(DescribeInstanceRefreshesCommand)
      .resolvesOnce({ InstanceRefreshes: [{ ...refresh, Status: 'Baking' }] })
      .resolvesOnce({ InstanceRefreshes: [{ ...refresh, Status: 'Successful' }] })
      .resolves({ InstanceRefreshes: [] });
    expect(await refreshTemplates(autoScaling, 'blue')).toEqual([
      { templateId: 'lt-1', version: '8', by: 'instance refresh of blue' },
    ]);
    expect(await refreshTemplates(autoScaling, 'blue')).toEqual([]);
    expect(await refreshTemplates(autoScaling, 'blue')).toEqual([]);
  });
});

describe('templateImages', () => {
  it('resolves versions with one call per template, and always includes the default version', async () => {
    const version = (VersionNumber: number, DefaultVersion = false) => ({
      VersionNumber,
      DefaultVersion,
      LaunchTemplateData: { ImageId: `ami-${VersionNumber}` },
    });
    mock
      .on(DescribeLaunchTemplateVersionsCommand, { LaunchTemplateId: 'lt-1' })
      .resolves({ LaunchTemplateVersions: [version(7), version(2, true), version(9)] });
    mock
      .on(DescribeLaunchTemplateVersionsCommand, { LaunchTemplateId: 'lt-2' })
      .resolves({ LaunchTemplateVersions: [version(1, true), { VersionNumber: 3, LaunchTemplateData: {} }] });
    const uses = [
      { templateId: 'lt-1', version: '7', by: 'group blue' },
      { templateId: 'lt-1', version: '$Latest', by: 'group green' },
      { templateId: 'lt-2', version: '$Default', by: 'group spot' },
    ];
    expect(await templateImages(ec2, uses)).toEqual([
      { imageId: 'ami-7', by: 'group blue', named: true },
      { imageId: 'ami-2', by: 'default version of launch template lt-1', named: false },
      { imageId: 'ami-9', by: 'group green', named: true },
      { imageId: 'ami-1', by: 'group spot', named: true },
    ]);
    expect(mock.commandCalls(DescribeLaunchTemplateVersionsCommand).map((call) => call.args[0].input.Versions)).toEqual(
      [['7', '$Latest', '$Default'], ['$Default']],
    );
  });
});

describe('instancesByImage', () => {
  it('requests 200 images at once, in every state but terminated', async () => {
    mock
      .on(DescribeInstancesCommand)
      .resolvesOnce({ Reservations: [{ Instances: [{ ImageId: 'ami-1', InstanceId: 'i-1' }] }], NextToken: 'more' })
      .resolvesOnce({ Reservations: [{ Instances: [{ ImageId: 'ami-1', InstanceId: 'i-2' }] }] })
      .resolves({ Reservations: [] });
    const ids = Array.from({ length: 201 }, (_, index) => `ami-${index}`);
    expect(await instancesByImage(ec2, ids)).toEqual(new Map([['ami-1', ['i-1', 'i-2']]]));
    const filters = mock.commandCalls(DescribeInstancesCommand).map((call) => call.args[0].input.Filters);
    expect(filters.map((one) => one?.[0]?.Values?.length)).toEqual([200, 200, 1]);
    expect(filters[0]?.[1]?.Values).toEqual(['pending', 'running', 'shutting-down', 'stopping', 'stopped']);
  });

  it('makes no call for an empty list of images', async () => {
    expect(await instancesByImage(ec2, [])).toEqual(new Map());
    expect(mock.calls()).toHaveLength(0);
  });
});

describe('imageReferences', () => {
  it("requests ten images at once and omits the fleet's own templates", async () => {
    const arn = (id: string) => `arn:aws:ec2:eu-west-1:1:launch-template/${id}`;
    mock
      .on(DescribeImageReferencesCommand)
      .resolvesOnce({
        ImageReferences: [
          { ImageId: 'ami-1', Arn: arn('lt-own') },
          { ImageId: 'ami-1', Arn: arn('lt-other') },
          { ImageId: 'ami-2', Arn: 'arn:aws:ssm:eu-west-1:1:parameter/golden' },
        ],
      })
      .resolves({ ImageReferences: [] });
    const ids = Array.from({ length: 11 }, (_, index) => `ami-${index}`);
    expect(await imageReferences(ec2, ids, ['lt-own'])).toEqual(
      new Map([
        ['ami-1', [arn('lt-other')]],
        ['ami-2', ['arn:aws:ssm:eu-west-1:1:parameter/golden']],
      ]),
    );
    expect(
      mock.commandCalls(DescribeImageReferencesCommand).map((call) => call.args[0].input.ImageIds?.length),
    ).toEqual([10, 1]);
  });
});

describe('sharedWith', () => {
  it('names accounts, organizations and public access', async () => {
    mock.on(DescribeImageAttributeCommand).resolves({
      LaunchPermissions: [
        { UserId: '111122223333' },
        { OrganizationArn: 'arn:org' },
        { OrganizationalUnitArn: 'arn:ou' },
        { Group: 'all' },
      ],
    });
    expect(await sharedWith(ec2, 'ami-1')).toEqual(['111122223333', 'arn:org', 'arn:ou', 'everybody']);
  });
});
