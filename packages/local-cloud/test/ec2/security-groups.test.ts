import { expect, test } from 'vitest';
import { account } from '../../src/settings.ts';
import { settled, setUp } from './support.ts';

const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };

test('rules are added and taken, together or not at all', async () => {
  const cloud = setUp();
  const { GroupId } = await cloud.send('CreateSecurityGroup', {
    GroupName: 'web',
    Description: 'web',
    VpcId: account.vpcId,
  });
  const add = {
    GroupId,
    IpPermissions: [
      { ...ssh, IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'office' }], Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
    ],
  };
  const { SecurityGroupRules } = await cloud.send('AuthorizeSecurityGroupIngress', add);
  expect(SecurityGroupRules).toMatchObject([{ CidrIpv4: '10.0.0.0/8', Description: 'office' }, { CidrIpv6: '::/0' }]);
  expect(await cloud.code('AuthorizeSecurityGroupIngress', { GroupId, ...ssh, CidrIp: '10.0.0.0/8' })).toBe(
    'InvalidPermission.Duplicate',
  );
  await cloud.send('AuthorizeSecurityGroupIngress', {
    GroupName: 'web',
    IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }],
  });
  const { SecurityGroups } = await cloud.send('DescribeSecurityGroups', { GroupIds: [GroupId] });
  expect(SecurityGroups[0].IpPermissions).toMatchObject([
    { ...ssh, IpRanges: [{ CidrIp: '10.0.0.0/8' }], Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
    { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] },
  ]);
  expect(SecurityGroups[0].IpPermissionsEgress).toMatchObject([
    { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
  ]);
  await cloud.send('RevokeSecurityGroupIngress', { GroupId, ...ssh, CidrIp: '10.0.0.0/8' });
  expect(await cloud.code('RevokeSecurityGroupIngress', { GroupId, ...ssh, CidrIp: '10.0.0.0/8' })).toBe(
    'InvalidPermission.NotFound',
  );
  const rules = await cloud.send('DescribeSecurityGroupRules', { Filters: [{ Name: 'group-id', Values: [GroupId] }] });
  expect(rules.SecurityGroupRules).toHaveLength(3);
  await cloud.send('RevokeSecurityGroupIngress', {
    GroupId,
    SecurityGroupRuleIds: [SecurityGroupRules[1].SecurityGroupRuleId],
  });
  expect(cloud.state.securityGroups[GroupId]?.ingress).toHaveLength(1);
});

test.each([
  ['InvalidParameterValue', { ...ssh, CidrIp: '10.0.0.0/33' }],
  ['InvalidParameterValue', { ...ssh, CidrIp: '300.0.0.0/8' }],
  ['InvalidParameterValue', { ...ssh, FromPort: 70_000, ToPort: 70_000, CidrIp: '10.0.0.0/8' }],
  ['InvalidParameterValue', { ...ssh, FromPort: 30, CidrIp: '10.0.0.0/8' }],
  ['InvalidParameterValue', { ...ssh, IpProtocol: 'smtp', CidrIp: '10.0.0.0/8' }],
  ['MissingParameter', ssh],
  ['MissingParameter', { CidrIp: '10.0.0.0/8' }],
])('%s refuses the rule %j', async (code, rule) => {
  const cloud = setUp();
  expect(await cloud.code('AuthorizeSecurityGroupIngress', { GroupId: account.defaultSecurityGroupId, ...rule })).toBe(
    code,
  );
});

test('a group in use, the default one and a taken name are refused', async () => {
  const cloud = setUp();
  const { GroupId } = await cloud.send('CreateSecurityGroup', { GroupName: 'web', Description: 'web' });
  const [id = ''] = await cloud.run(1, { SecurityGroupIds: [GroupId] });
  expect(await cloud.code('DeleteSecurityGroup', { GroupId })).toBe('DependencyViolation');
  await cloud.send('TerminateInstances', { InstanceIds: [id] });
  await cloud.clock.advance(settled);
  expect(await cloud.code('CreateSecurityGroup', { GroupName: 'web', Description: 'again' })).toBe(
    'InvalidGroup.Duplicate',
  );
  await cloud.send('DeleteSecurityGroup', { GroupId });
  expect(await cloud.code('DeleteSecurityGroup', { GroupId })).toBe('InvalidGroup.NotFound');
  expect(await cloud.code('DeleteSecurityGroup', { GroupId: account.defaultSecurityGroupId })).toBe('CannotDelete');
  expect(await cloud.code('CreateSecurityGroup', { GroupName: 'sg-mine', Description: 'x' })).toBe(
    'InvalidParameterValue',
  );
});
