import { CreateAutoScalingGroupCommand, DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  RegisterTargetsCommand,
  SetSecurityGroupsCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, World } from './support.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

const defaults = Object.values(account.subnets);
const [defaultSubnet = ''] = defaults;

const subnet = async (VpcId: string, CidrBlock: string, AvailabilityZone?: string) =>
  (await world.ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone }))).Subnet;
const securityGroup = async (VpcId?: string, GroupName = world.name('group')) =>
  (await world.ec2.send(new CreateSecurityGroupCommand({ VpcId, GroupName, Description: 'a group' }))).GroupId ?? '';

/** A VPC with a subnet in each of two zones, and a security group. */
async function network() {
  const { Vpc } = await world.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const vpcId = Vpc?.VpcId ?? '';
  const one = await subnet(vpcId, '10.0.0.0/24', 'eu-west-1a');
  const two = await subnet(vpcId, '10.0.1.0/24', 'eu-west-1b');
  const subnetIds = [one?.SubnetId ?? '', two?.SubnetId ?? ''] as const;
  return { vpcId, subnetIds, groupId: await securityGroup(vpcId) };
}

/** Code and text of a refusal. */
async function refused(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason) => reason,
  );
  return error instanceof Error ? `${error.name}: ${error.message}` : 'it was not refused';
}

describe('networks', () => {
  it('EC2-NET-01 are a default one with a subnet in each zone, and those that are made, with blocks of their own', async () => {
    const { Vpcs: before } = await world.ec2.send(new DescribeVpcsCommand({}));
    expect(before).toMatchObject([{ VpcId: account.vpcId, IsDefault: true }]);
    const { Subnets: first = [] } = await world.ec2.send(new DescribeSubnetsCommand({}));
    expect(Object.fromEntries(first.map((one) => [one.AvailabilityZone, one.SubnetId]))).toEqual(account.subnets);

    const block = (CidrBlock: string) => world.ec2.send(new CreateVpcCommand({ CidrBlock }));
    expect(await refusal(block('10.0.0.0/8'))).toBe('InvalidVpc.Range');
    expect(await refusal(block('10.0.0/16'))).toBe('InvalidParameterValue');
    const { vpcId, subnetIds } = await network();
    expect(await refusal(subnet(vpcId, '10.1.0.0/24'))).toBe('InvalidSubnet.Range');
    expect(await refusal(subnet(vpcId, '10.0.0.0/29'))).toBe('InvalidSubnet.Range');
    expect(await refusal(subnet(vpcId, '10.0.0.128/25'))).toBe('InvalidSubnet.Conflict');
    expect(await refusal(subnet(vpcId, '10.0.9.0/24', 'eu-west-1x'))).toBe('InvalidParameterValue');
    expect(await refusal(subnet('vpc-0123456789abcdef0', '10.0.9.0/24'))).toBe('InvalidVpcID.NotFound');
    expect(await subnet(vpcId, '10.0.9.77/24')).toMatchObject({
      ...{ VpcId: vpcId, CidrBlock: '10.0.9.0/24', DefaultForAz: false, AvailableIpAddressCount: 251 },
    });
    const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
    const { Subnets = [] } = await world.ec2.send(new DescribeSubnetsCommand({ Filters }));
    expect(Subnets.map((one) => one.SubnetId)).toEqual(expect.arrayContaining([...subnetIds]));
    expect(Subnets).toHaveLength(3);
    const { Vpcs } = await world.ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }));
    expect(Vpcs).toMatchObject([{ CidrBlock: '10.0.0.0/16', IsDefault: false, State: 'available' }]);
  });

  it('EC2-NET-05 can be deleted when nothing is in them, the default one too', async () => {
    const { vpcId, subnetIds, groupId } = await network();
    const id = await world.running({ SubnetId: subnetIds[0], SecurityGroupIds: [groupId] });
    const deleteSubnet = (SubnetId: string) => world.ec2.send(new DeleteSubnetCommand({ SubnetId }));
    const deleteVpc = (VpcId: string) => world.ec2.send(new DeleteVpcCommand({ VpcId }));
    expect(await refusal(deleteSubnet(subnetIds[0]))).toBe('DependencyViolation');
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await world.reached(id, 'terminated');
    for (const one of subnetIds) await deleteSubnet(one);
    expect(await refusal(deleteSubnet(subnetIds[0]))).toBe('InvalidSubnetID.NotFound');
    // The group is not the default one.
    expect(await refusal(deleteVpc(vpcId))).toBe('DependencyViolation');
    await world.ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId }));
    const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
    const left = async () =>
      (await world.ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups?.map(
        (one) => one.GroupName,
      );
    expect(await left()).toEqual(['default']);
    await deleteVpc(vpcId);
    expect(await left()).toEqual([]);
    expect(await refusal(deleteVpc(vpcId))).toBe('InvalidVpcID.NotFound');
    expect(await refusal(deleteVpc(account.vpcId))).toBe('DependencyViolation');
  });

  it('EC2-NET-07 have security groups of their own, and a launch takes both of one network', async () => {
    const { vpcId, subnetIds, groupId } = await network();
    const launch = (more: Partial<RunInstancesCommandInput>) => world.run(more);
    // The template's group is of another network than the default subnet.
    const LaunchTemplateName = await world.template(account.baseImageId, { SecurityGroupIds: [groupId] });
    expect(await refused(launch({ LaunchTemplate: { LaunchTemplateName } }))).toBe(
      `InvalidParameter: Security group ${groupId} and subnet ${defaultSubnet} belong to different networks.`,
    );
    expect(await refusal(launch({ SubnetId: subnetIds[0], SecurityGroupIds: [account.defaultSecurityGroupId] }))).toBe(
      'InvalidParameter',
    );
    const there = await launch({ LaunchTemplate: { LaunchTemplateName }, SubnetId: subnetIds[1] });
    expect(there).toMatchObject({ VpcId: vpcId, SubnetId: subnetIds[1], SecurityGroups: [{ GroupId: groupId }] });
    expect(there.Placement?.AvailabilityZone).toBe('eu-west-1b');
    const bare = await launch({ SubnetId: subnetIds[0] });
    expect(bare.SecurityGroups).toMatchObject([{ GroupName: 'default' }]);
    expect(bare.SecurityGroups?.[0]?.GroupId).not.toBe(account.defaultSecurityGroupId);

    const name = world.name('twice');
    const [here, away] = [await securityGroup(undefined, name), await securityGroup(vpcId, name)];
    expect(await refusal(securityGroup(vpcId, name))).toBe('InvalidGroup.Duplicate');
    expect((await launch({ SecurityGroups: [name] })).SecurityGroups).toMatchObject([{ GroupId: here }]);
    expect(await refusal(launch({ SecurityGroups: [name], SubnetId: subnetIds[0] }))).toBe(
      'InvalidParameterCombination',
    );
    const allow = (GroupId: string, from: string) =>
      world.ec2.send(
        new AuthorizeSecurityGroupIngressCommand({
          GroupId,
          IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: from }] }],
        }),
      );
    expect(await refusal(allow(here, away))).toBe('InvalidGroup.NotFound');
    await allow(groupId, away);
  });

  it('EC2-NET-08 come from network interfaces, where there are some', async () => {
    const { subnetIds, groupId } = await network();
    const NetworkInterfaces = [{ DeviceIndex: 0, Groups: [groupId] }];
    const LaunchTemplateName = await world.template(account.baseImageId, { NetworkInterfaces });
    const launch = (more: Partial<RunInstancesCommandInput>) =>
      world.run({ LaunchTemplate: { LaunchTemplateName }, ...more });
    expect(await refused(launch({ SubnetId: subnetIds[0] }))).toBe(
      'InvalidParameterCombination: Network interfaces and an instance-level subnet ID may not be specified on the same request',
    );
    expect(await refusal(launch({ SecurityGroupIds: [groupId] }))).toBe('InvalidParameterCombination');
    expect(await refusal(launch({}))).toBe('InvalidParameter');
    const there = await launch({ NetworkInterfaces: [{ ...NetworkInterfaces[0], SubnetId: subnetIds[0] }] });
    expect(there).toMatchObject({ SubnetId: subnetIds[0], SecurityGroups: [{ GroupId: groupId }] });
  });

  it('EC2-INS-19 are looked at by a dry run', async () => {
    const { subnetIds, groupId } = await network();
    const launch = { SecurityGroupIds: [groupId], DryRun: true };
    expect(await refusal(world.run(launch))).toBe('InvalidParameter');
    expect(await refusal(world.run({ ...launch, SubnetId: subnetIds[0] }))).toBe('DryRunOperation');
  });

  it('ASG-GRP-04 of a group are its subnets, which its template must fit', async () => {
    const { vpcId, subnetIds, groupId } = await network();
    const create = (template: string, subnets: readonly string[]) =>
      world.asg.send(
        new CreateAutoScalingGroupCommand({
          ...{ AutoScalingGroupName: `of-${template}`, MinSize: 1, MaxSize: 1 },
          ...{ LaunchTemplate: { LaunchTemplateName: template }, VPCZoneIdentifier: subnets.join(',') },
        }),
      );
    const NetworkInterfaces = [{ DeviceIndex: 0, Groups: [groupId] }];
    const fits = await world.template(account.baseImageId, { NetworkInterfaces });
    expect(await refusal(create(fits, [subnetIds[0], defaults[1] ?? '']))).toBe('ValidationError');
    await create(fits, [subnetIds[1]]);
    const [member] = await world.inService(`of-${fits}`, 1);
    expect(await world.instance(member?.InstanceId ?? '')).toMatchObject({ VpcId: vpcId, SubnetId: subnetIds[1] });

    const astray = await world.template(account.baseImageId, { SecurityGroupIds: [groupId] });
    await create(astray, defaults);
    const failed = await world.until(
      async () =>
        (await world.asg.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: `of-${astray}` })))
          .Activities,
      (all) => all?.[0]?.StatusCode === 'Failed',
    );
    expect(failed?.[0]?.StatusMessage).toContain('belong to different networks.');
  });

  it('ELB-BAL-07 have load balancers, whose groups and targets are there, too', async () => {
    const { vpcId, subnetIds, groupId } = await network();
    const create = (Subnets: readonly string[], SecurityGroups?: string[]) =>
      world.elb.send(
        new CreateLoadBalancerCommand({ Name: world.name('balancer'), Subnets: [...Subnets], SecurityGroups }),
      );
    expect(await refusal(create([subnetIds[0], defaults[1] ?? '']))).toBe('InvalidSubnetException');
    expect(await refusal(create(subnetIds, [account.defaultSecurityGroupId]))).toBe(
      'InvalidConfigurationRequestException',
    );
    const { LoadBalancers } = await create(subnetIds, [groupId]);
    const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
    expect(LoadBalancers).toMatchObject([{ VpcId: vpcId, SecurityGroups: [groupId] }]);
    expect(LoadBalancers?.[0]?.AvailabilityZones?.map((one) => one.SubnetId)).toEqual([...subnetIds]);
    expect(await refusal(world.elb.send(new SetSubnetsCommand({ LoadBalancerArn, Subnets: defaults })))).toBe(
      'InvalidSubnetException',
    );
    const SecurityGroups = [account.defaultSecurityGroupId];
    expect(await refusal(world.elb.send(new SetSecurityGroupsCommand({ LoadBalancerArn, SecurityGroups })))).toBe(
      'InvalidConfigurationRequestException',
    );

    const [here, away] = [await world.targetGroup({ VpcId: vpcId }), await world.targetGroup()];
    const listen = (TargetGroupArn: string) =>
      world.elb.send(
        new CreateListenerCommand({
          ...{ LoadBalancerArn, Port: 80, Protocol: 'HTTP' },
          DefaultActions: [{ Type: 'forward', TargetGroupArn }],
        }),
      );
    expect(await refused(listen(away))).toContain('is in a different VPC than load balancer');
    await listen(here);
    const Targets = [{ Id: await world.running({ SubnetId: subnetIds[0] }) }];
    expect(await refusal(world.elb.send(new RegisterTargetsCommand({ TargetGroupArn: away, Targets })))).toBe(
      'InvalidTargetException',
    );
    await world.elb.send(new RegisterTargetsCommand({ TargetGroupArn: here, Targets }));
  });

  it('EC2-NET-06 are chosen by default for what names none, as long as there is a default one', async () => {
    const bare = await World.start();
    const remove = (SubnetId: string) => bare.ec2.send(new DeleteSubnetCommand({ SubnetId }));
    const inFirst = { Placement: { AvailabilityZone: 'eu-west-1a' } };
    try {
      await remove(defaultSubnet);
      const { InstanceId = '', SubnetId } = await bare.run();
      expect(SubnetId).toBe(defaults[1]);
      expect(await refused(bare.run(inFirst))).toBe(
        "MissingInput: No default subnet for availability zone: 'eu-west-1a'.",
      );
      await bare.ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
      await bare.reached(InstanceId, 'terminated');
      for (const one of defaults.slice(1)) await remove(one);
      expect(await refused(bare.run())).toBe(
        `MissingInput: No subnets found for the default VPC '${account.vpcId}'. Please specify a subnet.`,
      );
      await bare.ec2.send(new DeleteVpcCommand({ VpcId: account.vpcId }));
      const Description = 'a group';
      for (const call of [
        bare.run(),
        bare.run({ SecurityGroupIds: [account.defaultSecurityGroupId] }),
        bare.ec2.send(new CreateSecurityGroupCommand({ GroupName: 'web', Description })),
      ]) {
        expect(await refused(call)).toBe('VPCIdNotSpecified: No default VPC for this user');
      }
      const { Vpcs } = await bare.ec2.send(new DescribeVpcsCommand({}));
      expect(Vpcs).toEqual([]);
    } finally {
      await bare.close();
    }
    expect(bare.reports).toEqual([]);
  });
});
