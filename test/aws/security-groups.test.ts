import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DescribeSecurityGroupRulesCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { account } from 'golden-pipeline-local-cloud/model';
import { describe, expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import {
  closePort,
  findFleetSecurityGroup,
  findSecurityGroup,
  fleetSecurityGroups,
  listOpenings,
  openPort,
  prolongOpening,
} from '../../src/aws/security-groups.ts';
import { tagKeys, toTags } from '../../src/aws/tags.ts';
import { refusal } from './support/refusal.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

/** Id of a new security group. */
async function made(GroupName: string, tags: Record<string, string> = {}, VpcId: string = account.vpcId) {
  const { GroupId = '' } = await world.ec2.send(
    new CreateSecurityGroupCommand({
      ...{ GroupName, Description: 'of a test', VpcId },
      TagSpecifications: [{ ResourceType: 'security-group', Tags: toTags({ 'test:of': GroupName, ...tags }) }],
    }),
  );
  return GroupId;
}

const instancesOf = (app: string, environment = 'production', role = 'instances') => ({
  [tagKeys.app]: app,
  [tagKeys.environment]: environment,
  [tagKeys.role]: role,
});

describe("the security group of a fleet's instances", () => {
  it('is found by app, environment and role', async () => {
    const own = await made('own', instancesOf('api'));
    await made('of-another-app', instancesOf('shop'));
    await made('of-another-environment', instancesOf('api', 'staging'));
    await made('of-the-balancer', instancesOf('api', 'production', 'balancer'));
    expect(await findFleetSecurityGroup(world.ec2, 'api', 'production')).toBe(own);
  });

  it('is an error when there is none, or more than one', async () => {
    await expect(findFleetSecurityGroup(world.ec2, 'apii', 'production')).rejects.toMatchObject({
      code: 'security-group.no-fleet',
      message: 'no security group has the tags of the instances of apii in production',
      fix: expect.stringContaining(`${tagKeys.role}=instances`),
    });
    const two = [await made('twin-1', instancesOf('twin')), await made('twin-2', instancesOf('twin'))];
    expect((await fleetSecurityGroups(world.ec2, 'twin', 'production')).sort()).toEqual(two.toSorted());
    const refused = findFleetSecurityGroup(world.ec2, 'twin', 'production');
    await expect(refused).rejects.toMatchObject({ code: 'security-group.ambiguous' });
    for (const id of two) await expect(refused).rejects.toThrow(id);
  });
});

describe('a security group of the pipelines file', () => {
  it('is found by its name and by its id', async () => {
    const id = await made('database');
    expect(await findSecurityGroup(world.ec2, 'database')).toBe(id);
    expect(await findSecurityGroup(world.ec2, id)).toBe(id);
  });

  it.each(['databse', 'sg-0123456789abcdef0'])('that does not exist is named: %s', async (name) => {
    await expect(findSecurityGroup(world.ec2, name)).rejects.toMatchObject({
      code: 'security-group.missing',
      message: `there is no security group ${name}`,
    });
  });

  it('whose name exists in two networks is an error that names both networks', async () => {
    const { Vpc } = await world.ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const ids = [await made('cache'), await made('cache', {}, Vpc?.VpcId)];
    const refused = findSecurityGroup(world.ec2, 'cache');
    await expect(refused).rejects.toMatchObject({ code: 'security-group.ambiguous' });
    await expect(refused).rejects.toThrow(`${ids[0]} in ${account.vpcId}`);
    await expect(refused).rejects.toThrow(`${ids[1]} in ${Vpc?.VpcId}`);
    expect(await findSecurityGroup(world.ec2, ids[1] ?? '')).toBe(ids[1]);
  });
});

describe('openings of a security group', () => {
  const expires = Date.parse('2026-03-01T12:00:00Z');
  const request = { app: 'api', file: 'sg', environment: 'production', name: 'ssh', port: 22, by: 'ann@desk', expires };

  it('are listed for their app or file and environment, without rules of others', async () => {
    const groupId = await made('openings');
    const asked = { ...request, groupId, cidr: '192.0.2.7/32' };
    const ruleId = await openPort(world.ec2, asked);
    await openPort(world.ec2, { ...asked, app: 'shop', file: 'shop', name: 'shop-ssh', port: 23 });
    await openPort(world.ec2, { ...asked, environment: 'staging', port: 24 });
    await world.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: groupId,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 25, ToPort: 25, IpRanges: [{ CidrIp: '192.0.2.7/32' }] }],
        TagSpecifications: [
          {
            ResourceType: 'security-group-rule',
            Tags: toTags({ [tagKeys.app]: 'api', [tagKeys.environment]: 'production' }),
          },
        ],
      }),
    );
    const own = { ruleId, groupId, name: 'ssh', port: 22, cidr: '192.0.2.7/32', expires, by: 'ann@desk', file: 'sg' };
    expect(await listOpenings(world.ec2, { app: 'api' }, 'production')).toEqual([own]);
    expect(await listOpenings(world.ec2, { file: 'sg' }, 'production')).toEqual([own]);
    expect((await listOpenings(world.ec2, { file: 'shop' }, 'production')).map(({ port }) => port)).toEqual([23]);
    await prolongOpening(world.ec2, ruleId, expires + 60_000);
    expect(await listOpenings(world.ec2, { app: 'api' }, 'production')).toEqual([
      { ...own, expires: expires + 60_000 },
    ]);
  });

  it('for a range that is already open are refused, and that rule stays unchanged', async () => {
    const asked = { ...request, groupId: await made('taken'), app: 'shop', file: 'mine', cidr: '198.51.100.0/24' };
    await openPort(world.ec2, { ...asked, file: 'theirs' });
    await expect(openPort(world.ec2, asked)).rejects.toMatchObject({
      code: 'security-group.taken',
      message: `port 22 of ${asked.groupId} is open to 198.51.100.0/24 already, by a rule that is not of mine`,
    });
    expect(await listOpenings(world.ec2, { file: 'mine' }, 'production')).toEqual([]);
    expect(await listOpenings(world.ec2, { file: 'theirs' }, 'production')).toHaveLength(1);
  });

  it('fail with the message of EC2 when the group is gone', async () => {
    const asked = { ...request, groupId: 'sg-0123456789abcdef0', cidr: '192.0.2.7/32' };
    await expect(openPort(world.ec2, asked)).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
  });

  it('can be closed twice without an error, but another refusal is an error', async () => {
    const groupId = await made('closing');
    const opening = {
      groupId,
      ruleId: await openPort(world.ec2, { ...request, groupId, app: 'shop', file: 'c', cidr: '192.0.2.7/32' }),
    };
    await closePort(world.ec2, opening);
    expect(await listOpenings(world.ec2, { file: 'c' }, 'production')).toEqual([]);
    await closePort(world.ec2, opening);
    const ec2 = new EC2Client({ region: 'eu-west-1' });
    mockClient(ec2).on(RevokeSecurityGroupIngressCommand).rejects(refusal('UnauthorizedOperation'));
    await expect(closePort(ec2, opening)).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  });

  it('are listed from all pages', async () => {
    const ec2 = new EC2Client({ region: 'eu-west-1' });
    const rule = (FromPort: number) => ({ FromPort, Tags: [{ Key: 'golden-pipeline:opening', Value: 'ssh' }] });
    mockClient(ec2)
      .on(DescribeSecurityGroupRulesCommand)
      .resolves({ SecurityGroupRules: [rule(22)], NextToken: 'more' })
      .on(DescribeSecurityGroupRulesCommand, { NextToken: 'more' })
      .resolves({ SecurityGroupRules: [rule(23)] });
    expect((await listOpenings(ec2, { app: 'api' }, 'production')).map(({ port }) => port)).toEqual([22, 23]);
  });
});
