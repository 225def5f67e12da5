import {
  CreateLaunchTemplateVersionCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSubnetsCommand,
  ModifyLaunchTemplateCommand,
  type RunInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import { account } from 'golden-pipeline-local-cloud/model';
import { afterEach, describe, expect, it } from 'vitest';
import type { AwsClients } from '../../src/aws/clients.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planScale } from '../../src/scale/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
afterEach(() => world.close());

/** What the infrastructure makes: a network for the environment, and a security group for its instances there. */
async function ownNetwork({ ec2 }: AwsClients): Promise<{ subnetIds: string[]; groupId: string; vpcId: string }> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const vpcId = Vpc?.VpcId ?? '';
  const subnetIds: string[] = [];
  for (const [index, AvailabilityZone] of ['eu-west-1b', 'eu-west-1c'].entries()) {
    const CidrBlock = `10.0.${index}.0/24`;
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone }));
    subnetIds.push(Subnet?.SubnetId ?? '');
  }
  const { GroupId = '' } = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId: vpcId, GroupName: 'api-instances', Description: 'instances' }),
  );
  return { subnetIds, groupId: GroupId, vpcId };
}

/** Many accounts have none: it was deleted for the sake of security. */
async function deleteDefaultNetwork({ ec2 }: AwsClients): Promise<void> {
  const { Subnets = [] } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
  );
  for (const { SubnetId } of Subnets) await ec2.send(new DeleteSubnetCommand({ SubnetId }));
  await ec2.send(new DeleteVpcCommand({ VpcId: account.vpcId }));
}

/** The demo's fleet in a network of its own. */
async function fleetInOwnNetwork(more: { withoutDefault?: boolean } = {}) {
  const network = { subnetIds: [''], groupId: '', vpcId: '' };
  world = await Simulated.create(async (aws) => {
    Object.assign(network, await ownNetwork(aws));
    if (more.withoutDefault) await deleteDefaultNetwork(aws);
    const { subnetIds, groupId } = network;
    const list = subnetIds.map((id) => `'${id}'`).join(', ');
    const type = "instance: { type: 't3.small',";
    return [[type, `${type} subnetIds: [${list}], securityGroupIds: ['${groupId}'],`]];
  });
  return network;
}

/** A template as other tools make it: its security groups are those of its network interface. */
async function useInterfaces(groupId: string): Promise<void> {
  const { ec2 } = world.aws;
  const LaunchTemplateNames = [world.fleet.names.launchTemplate];
  const { LaunchTemplates } = await ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames }));
  const LaunchTemplateId = LaunchTemplates?.[0]?.LaunchTemplateId;
  await ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateId,
      LaunchTemplateData: {
        ImageId: account.baseImageId,
        InstanceType: 't3.small',
        KeyName: 'golden-pipeline',
        NetworkInterfaces: [{ DeviceIndex: 0, Groups: [groupId], AssociatePublicIpAddress: false }],
      },
    }),
  );
  await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateId, DefaultVersion: '2' }));
}

interface Launch {
  role?: string;
  id?: string;
  subnetId?: string;
  groups?: (string | undefined)[];
}

/** The launches beside the group from now on. @param then Called after each, before its answer is given. */
function watchLaunches(then: (launch: Launch) => Promise<void> = async () => undefined): Launch[] {
  const launches: Launch[] = [];
  world.aws.ec2.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const answer = await next(args);
        if (commandName !== 'RunInstancesCommand') return answer;
        const [one] = (answer.output as RunInstancesCommandOutput).Instances ?? [];
        const launch = {
          role: one?.Tags?.find((tag) => tag.Key === tagKeys.role)?.Value,
          ...{ id: one?.InstanceId, subnetId: one?.SubnetId },
          groups: one?.SecurityGroups?.map((group) => group.GroupId),
        };
        launches.push(launch);
        await then(launch);
        return answer;
      },
    { step: 'initialize' },
  );
  return launches;
}

const release = async (more: Parameters<typeof planRelease>[2] = {}) =>
  world.run(await planRelease(world.services, world.clock, more));

/** What doctor needs besides. */
const doctorServices = () =>
  Object.assign(world.services, {
    vcpuQuota: async () => 1000,
    identity: async () => ({ account: account.id, arn: 'arn:aws:iam::000000000000:root' }),
  });

describe.each([
  ['beside the default one', {}],
  ['in an account without a default one', { withoutDefault: true }],
])('a fleet in a network of its own, %s', (_where, more) => {
  it('has its first release on a builder, a validation, a scale-out, and permissions that doctor confirms', async () => {
    const { subnetIds, groupId } = await fleetInOwnNetwork(more);
    const launches = watchLaunches();
    const first = await release({ bake: 'builder' });
    expect(first.error).toBeUndefined();
    expect((await readStatus(world.services)).version).toBe('v1');
    const found = await diagnose(doctorServices(), world.clock);
    expect(found.filter((one) => one.id === 'account.permissions')).toMatchObject([{ severity: 'ok' }]);
    const scaled = await world.run(await planScale(doctorServices(), world.clock, { to: 6 }));
    expect(scaled.error).toBeUndefined();
    const place = { subnetId: subnetIds[0], groups: expect.arrayContaining([groupId]) };
    expect(launches).toMatchObject([
      { role: 'builder', ...place },
      { role: 'validation', ...place },
      { role: 'validation', ...place },
    ]);
  }, 60_000);
});

describe('an instance launched beside the group', () => {
  it('from a template with network interfaces has its subnet in them', async () => {
    const { subnetIds, groupId } = await fleetInOwnNetwork();
    await useInterfaces(groupId);
    const launches = watchLaunches();
    const first = await release({ bake: 'builder' });
    expect(first.error).toBeUndefined();
    const place = { subnetId: subnetIds[0], groups: expect.arrayContaining([groupId]) };
    expect(launches).toMatchObject([place, place]);
  }, 60_000);

  it.each([
    ['with the subnet in the request', false],
    ['with the subnet in its network interfaces', true],
  ])(
    'is in the next subnet when the zone of the first one has no capacity, %s',
    async (_where, interfaces) => {
      const { subnetIds, groupId } = await fleetInOwnNetwork();
      if (interfaces) await useInterfaces(groupId);
      world.cloud.faults.add({ kind: 'insufficient-capacity', zone: 'eu-west-1b' });
      const launches = watchLaunches();
      const first = await release({ bake: 'builder' });
      expect(first.error).toBeUndefined();
      expect(launches).toMatchObject([
        { role: 'builder', subnetId: subnetIds[1] },
        { role: 'validation', subnetId: subnetIds[1] },
      ]);
      expect((await readStatus(world.services)).healthy).toBe(4);
    },
    60_000,
  );

  it.each(['builder', 'validation'])(
    'whose launch answer was lost in a crash is found by the resumed run with the identical request: %s',
    async (role) => {
      const { groupId } = await fleetInOwnNetwork({ withoutDefault: true });
      await useInterfaces(groupId);
      let died: () => void = () => undefined;
      const death = new Promise<void>((resolve) => {
        died = resolve;
      });
      const launches = watchLaunches(async (launch) => {
        if (launch.role !== role || launches.filter((one) => one.role === role).length > 1) return;
        died();
        // The first process never comes to see its answer.
        await new Promise<never>(() => undefined);
      });
      const plan = await planRelease(world.services, world.clock, { bake: 'builder' });
      const runId = createRunId(world.clock);
      void world.run(plan, { runId });
      await death;
      const resumed = await world.run(plan, { runId });
      expect(resumed.error).toBeUndefined();
      const [first, again, ...more] = launches.filter((one) => one.role === role);
      expect(more).toEqual([]);
      expect(again?.id).toBe(first?.id);
    },
    60_000,
  );

  it('whose launch would be refused is reported by doctor, with the reason', async () => {
    const { subnetIds } = await fleetInOwnNetwork();
    await useInterfaces(account.defaultSecurityGroupId);
    const found = await diagnose(doctorServices(), world.clock);
    const [finding, ...others] = found.filter((one) => one.id === 'account.permissions');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'error', fix: expect.stringContaining('launch template') });
    expect(finding?.message).toContain(
      `Security group ${account.defaultSecurityGroupId} and subnet ${subnetIds[0]} belong to different networks.`,
    );
  }, 60_000);
});
