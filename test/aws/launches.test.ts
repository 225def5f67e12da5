import {
  EC2Client,
  type LaunchTemplateInstanceNetworkInterfaceSpecification,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Group } from '../../src/aws/groups.ts';
import { launchInstance, networkOf, tryLaunch } from '../../src/aws/launches.ts';

const ec2 = mockClient(EC2Client);
afterAll(() => ec2.restore());
const client = new EC2Client({ region: 'eu-west-1' });

beforeEach(() => {
  ec2.reset();
  ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-1' }] });
});

const group = (subnetIds: string[]): Group => ({
  ...{ name: 'api', min: 1, max: 2, desired: 1, launchTemplate: { id: 'lt-1', version: '3' } },
  ...{ targetGroupArns: [], subnetIds, zones: ['eu-west-1a'], suspended: [], suspensionReasons: {}, instances: [] },
});

const version = (interfaces: LaunchTemplateInstanceNetworkInterfaceSpecification[] = []) => ({
  ...{ templateId: 'lt-1', number: '3', interfaces },
});

/** What is sent for a launch in the network of such a group and template. */
async function sent(subnets: string[], interfaces: LaunchTemplateInstanceNetworkInterfaceSpecification[] = []) {
  const network = networkOf(group(subnets), version(interfaces));
  const template = { id: 'lt-1', version: '3' };
  expect(await launchInstance(client, { template, network, imageId: 'ami-1', tags: { a: 'b' }, token: 't' })).toBe(
    'i-1',
  );
  return ec2.commandCalls(RunInstancesCommand)[0]?.args[0].input;
}

describe('a launch beside the group', () => {
  it('uses the first subnet of the group', async () => {
    expect(await sent(['subnet-1', 'subnet-2'])).toEqual({
      ...{ MinCount: 1, MaxCount: 1, ImageId: 'ami-1', ClientToken: 't', SubnetId: 'subnet-1' },
      LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '3' },
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
  });

  it('sets the subnet in the network interfaces of the template, where EC2 requires it', async () => {
    const input = await sent(['subnet-1'], [{ DeviceIndex: 0, Groups: ['sg-1'], AssociatePublicIpAddress: false }]);
    expect(input).not.toHaveProperty('SubnetId');
    expect(input?.NetworkInterfaces).toEqual([
      { DeviceIndex: 0, Groups: ['sg-1'], AssociatePublicIpAddress: false, SubnetId: 'subnet-1' },
    ]);
  });

  it('does not change existing interfaces, or further interfaces with their own subnet', async () => {
    const first = { DeviceIndex: 0, Groups: ['sg-1'], SubnetId: 'subnet-9' };
    const second = { DeviceIndex: 1, Groups: ['sg-2'], SubnetId: 'subnet-8' };
    const third = { DeviceIndex: 2, NetworkInterfaceId: 'eni-1' };
    expect((await sent(['subnet-1'], [first, second, third]))?.NetworkInterfaces).toEqual([
      { ...first, SubnetId: 'subnet-1' },
      second,
      third,
    ]);
  });

  it('may use another subnet of the group, unless an interface of the template has its own', () => {
    const others = (interfaces: LaunchTemplateInstanceNetworkInterfaceSpecification[]) =>
      networkOf(group(['subnet-1', 'subnet-2', 'subnet-3']), version(interfaces)).others;
    expect(others([])).toEqual(['subnet-2', 'subnet-3']);
    expect(others([{ DeviceIndex: 0, SubnetId: 'subnet-9' }])).toEqual(['subnet-2', 'subnet-3']);
    expect(others([{ DeviceIndex: 0 }, { DeviceIndex: 1, SubnetId: 'subnet-8' }])).toBeUndefined();
    expect(others([{ DeviceIndex: 0, NetworkInterfaceId: 'eni-1' }])).toBeUndefined();
  });

  it('sets no subnet for a group created with zones only: both use the default network', async () => {
    const input = await sent([], [{ DeviceIndex: 0, Groups: ['sg-1'] }]);
    expect(input).not.toHaveProperty('SubnetId');
    expect(input).not.toHaveProperty('NetworkInterfaces');
  });

  it('sends the same request as a dry run, except for the token', async () => {
    const request = { template: { id: 'lt-1', version: '3' }, network: { subnetId: 'subnet-1' }, tags: {} };
    await tryLaunch(client, request);
    await launchInstance(client, { ...request, token: 't' });
    const [tried, made] = ec2.commandCalls(RunInstancesCommand).map((one) => one.args[0].input);
    expect(tried).toEqual({ ...made, ClientToken: undefined, DryRun: true });
  });
});
