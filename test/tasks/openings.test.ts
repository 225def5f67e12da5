import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFleetSecurityGroup, listOpenings } from '../../src/aws/security-groups.ts';
import { closeSecurityGroup, openSecurityGroup } from '../../src/tasks/ready.ts';
import { type Rehearsal, rehearse } from './support/rehearsal.ts';

let stage: Rehearsal;
const rules = { database: { securityGroup: 'data', port: 5432, widestPrefix: 24, hours: 1, maxHours: 8 } };
const open = openSecurityGroup(rules);
const close = closeSecurityGroup(rules);

beforeEach(async () => {
  stage = await rehearse();
  const { Vpcs } = await stage.aws.ec2.send(new DescribeVpcsCommand({}));
  const VpcId = Vpcs?.[0]?.VpcId;
  await stage.aws.ec2.send(new CreateSecurityGroupCommand({ GroupName: 'data', Description: 'data', VpcId }));
});
afterEach(() => stage.close());

const openings = async () =>
  (await listOpenings(stage.aws.ec2, { app: 'api' }, 'local')).map(({ name, port, cidr, by }) => ({
    name,
    port,
    cidr,
    by,
  }));

describe('sg open and close', () => {
  it("opens the security group of a fleet's instances, as that fleet's, also from a file of another name", async () => {
    const { aws, services } = stage;
    const group = await findFleetSecurityGroup(aws.ec2, 'api', 'local');
    const rule = { 'api-ssh': { fleet: 'api', port: 22 } };
    services.fleet = { ...stage.fleet, app: 'sg' };
    expect((await stage.run(openSecurityGroup(rule), { name: 'api-ssh' })).outcome).toBe('done');
    const [opening] = await listOpenings(aws.ec2, { app: 'api' }, 'local');
    expect(opening).toMatchObject({ name: 'api-ssh', groupId: group, port: 22, file: 'sg' });
    expect(await listOpenings(aws.ec2, { file: 'sg' }, 'local')).toEqual([opening]);
    expect((await stage.run(closeSecurityGroup(rule), { name: 'api-ssh' })).outcome).toBe('done');
    expect(await openings()).toEqual([]);
  });

  it('names what is missing when no group has the tags of the fleet', async () => {
    const lost = openSecurityGroup({ ssh: { fleet: 'apii', port: 22 } });
    const { error } = await stage.run(lost, { name: 'ssh' });
    expect(error).toMatchObject({ code: 'security-group.no-fleet', fix: expect.stringContaining('correct `fleet`') });
  });

  it('does not adopt a rule that somebody else has created', async () => {
    const { aws } = stage;
    const GroupId = await findFleetSecurityGroup(aws.ec2, 'api', 'local');
    await aws.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        CidrIp: '192.0.2.7/32',
      }),
    );
    const { error } = await stage.run(openSecurityGroup({ ssh: { port: 22 } }), { name: 'ssh' });
    expect(error).toMatchObject({ code: 'security-group.taken' });
  });

  it('opens one port to the own address, prolongs it, and closes it', async () => {
    expect((await stage.run(open, { name: 'database' })).outcome).toBe('done');
    const opening = { name: 'database', port: 5432, cidr: '192.0.2.7/32', by: 'tester@here' };
    expect(await openings()).toEqual([opening]);
    const [first] = await listOpenings(stage.aws.ec2, { app: 'api' }, 'local');
    expect((await stage.run(open, { name: 'database', for: 7_200_000 })).outcome).toBe('done');
    expect(await openings()).toEqual([opening]);
    const [second] = await listOpenings(stage.aws.ec2, { app: 'api' }, 'local');
    expect((second?.expires ?? 0) - (first?.expires ?? 0)).toBeGreaterThan(3_000_000);
    expect((await stage.run(close, { name: 'database' })).outcome).toBe('done');
    expect(await openings()).toEqual([]);
  });

  it('closes what has expired with the next command, and leaves the rules of others alone', async () => {
    await stage.aws.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupName: 'data',
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        CidrIp: '10.0.0.0/8',
      }),
    );
    await stage.run(open, { name: 'database', from: '198.51.100.0/24', for: 1000 });
    const [short] = await listOpenings(stage.aws.ec2, { app: 'api' }, 'local');
    await stage.clock.sleep((short?.expires ?? 0) - stage.clock.now() + 1);
    expect((await stage.run(close)).outcome).toBe('done');
    expect(await openings()).toEqual([]);
    expect(stage.notes.join('\n')).toContain('port 5432 is closed to 198.51.100.0/24');
  });

  it('undoes an opening when the run fails afterwards', async () => {
    const failing = {
      ...open,
      steps: async (inputs: Record<string, unknown>) => [
        ...(await open.steps(inputs, stage.fleet)),
        { id: 'broken', title: 'Broken', describe: () => [], run: () => Promise.reject(new Error('on purpose')) },
      ],
    };
    expect((await stage.run(failing, { name: 'database' })).outcome).toBe('rolled-back');
    expect(await openings()).toEqual([]);
  });

  it.each([
    ['10.0.0.0/8', 'wider than this opening allows'],
    ['192.0.2.7/25', 'did you mean 192.0.2.0/25?'],
    ['192.0.2.300', 'not an IPv4 address'],
    ['192.0.2.07', 'did you mean 192.0.2.7/32?'],
    ['0.0.0.0/0', 'wider'],
    ['::1', 'not an IPv4 address'],
  ])('refuses %s', async (from, message) => {
    const error: unknown = await stage.run(open, { name: 'database', from }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'sg.range', outcome: 'usage' });
    expect(`${(error as Error).message} ${(error as { fix?: string }).fix}`).toContain(message);
    expect(await openings()).toEqual([]);
  });

  it('refuses a longer duration than allowed', async () => {
    await expect(stage.run(open, { name: 'database', for: 9 * 3_600_000 })).rejects.toMatchObject({ code: 'sg.time' });
  });
});
