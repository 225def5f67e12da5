import { expect, test } from 'vitest';
import { setUp } from './support.ts';

async function withRules() {
  const cloud = setUp();
  const { GroupId } = await cloud.send('CreateSecurityGroup', { GroupName: 'web', Description: 'web' });
  const open = (port: number) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIpv4: '10.0.0.0/8' });
  const { SecurityGroupRules } = await cloud.send('AuthorizeSecurityGroupIngress', {
    GroupId,
    IpPermissions: [80, 443].map((port) => ({
      ...{ IpProtocol: 'tcp', FromPort: port, ToPort: port },
      IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'old' }],
    })),
    TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'a', Value: 'b' }] }],
  });
  const [http, https] = SecurityGroupRules.map((one: { SecurityGroupRuleId: string }) => one.SecurityGroupRuleId);
  const rule = async (id: string) => {
    const { SecurityGroupRules: found } = await cloud.send('DescribeSecurityGroupRules', {
      SecurityGroupRuleIds: [id],
    });
    return found[0];
  };
  return { cloud, GroupId, open, http: http as string, https: https as string, rule };
}

test('rules carry tags of their own, from the start and later', async () => {
  const { cloud, http, https, rule } = await withRules();
  expect((await rule(http)).Tags).toEqual([{ Key: 'a', Value: 'b' }]);
  await cloud.send('CreateTags', { Resources: [https], Tags: [{ Key: 'a', Value: 'c' }] });
  expect((await rule(http)).Tags).toEqual([{ Key: 'a', Value: 'b' }]);
  const Filters = [{ Name: 'tag:a', Values: ['c'] }];
  const { SecurityGroupRules } = await cloud.send('DescribeSecurityGroupRules', { Filters });
  expect(SecurityGroupRules).toMatchObject([{ SecurityGroupRuleId: https }]);
  const { Tags } = await cloud.send('DescribeTags', {
    Filters: [{ Name: 'resource-type', Values: ['security-group-rule'] }],
  });
  expect(Tags).toHaveLength(2);
});

test('a rule is changed in place: what is said replaces it, its id and tags stay', async () => {
  const { cloud, GroupId, open, http, rule } = await withRules();
  const change = (SecurityGroupRule: object) => ({
    GroupId,
    SecurityGroupRules: [{ SecurityGroupRuleId: http, SecurityGroupRule }],
  });
  await cloud.send('ModifySecurityGroupRules', change({ ...open(8080), Description: 'new' }));
  expect(await rule(http)).toMatchObject({ FromPort: 8080, Description: 'new', Tags: [{ Key: 'a' }], IsEgress: false });
  expect(await cloud.code('ModifySecurityGroupRules', change(open(443)))).toBe('InvalidPermission.Duplicate');
  expect(await cloud.code('ModifySecurityGroupRules', change({ ...open(1), CidrIpv6: '::/0' }))).toBe(
    'InvalidParameterCombination',
  );
  const unknown = { GroupId, SecurityGroupRules: [{ SecurityGroupRuleId: 'sgr-1', SecurityGroupRule: open(1) }] };
  expect(await cloud.code('ModifySecurityGroupRules', unknown)).toBe('InvalidSecurityGroupRuleId.NotFound');
  expect((await rule(http)).FromPort).toBe(8080);
});

test('descriptions are changed by content or by id', async () => {
  const { cloud, GroupId, http, https, rule } = await withRules();
  await cloud.send('UpdateSecurityGroupRuleDescriptionsIngress', {
    GroupId,
    IpPermissions: [
      { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'one' }] },
    ],
    SecurityGroupRuleDescriptions: [{ SecurityGroupRuleId: https, Description: 'two' }],
  });
  expect([(await rule(http)).Description, (await rule(https)).Description]).toEqual(['one', 'two']);
  const egress = { GroupId, SecurityGroupRuleDescriptions: [{ SecurityGroupRuleId: https }] };
  expect(await cloud.code('UpdateSecurityGroupRuleDescriptionsEgress', egress)).toBe(
    'InvalidSecurityGroupRuleId.NotFound',
  );
});
