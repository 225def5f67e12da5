import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { setUp } from './support.ts';

const models = join(dirname(createRequire(import.meta.url).resolve('@aws-sdk/client-ec2')), '../dist-types/models');

const files = (await readdir(models)).filter((file) => file.startsWith('models_'));
const text = (await Promise.all(files.map((file) => readFile(join(models, file), 'utf8')))).join('');

/** Values that the documentation lists in the same way as names, and `tag`, which stands for `tag:<key>`. */
const noNames = ['informational', 'low', 'medium', 'high', 'critical', 'tag'];

/** Names of the filters that the SDK's documentation of an operation lists. */
function documented(operation: string): string[] {
  const [, members = ''] = new RegExp(`export interface ${operation}Request \\{(.*?)^\\}`, 'ms').exec(text) ?? [];
  const [before = '', after] = members.split(/^ {4}Filters\?:/m);
  if (after === undefined) return [];
  const flat = before.slice(before.lastIndexOf('/**')).replace(/\n\s+\*\s*/g, ' ');
  const names = [...flat.matchAll(/<li> *<p> *<code>([a-z0-9.:-]+)<\/code> - /g)].map(([, name = '']) => name);
  return names.filter((name) => !noNames.includes(name));
}

const operations = Object.keys(setUp().ec2.handlers).filter((operation) => documented(operation).length > 0);

test('the documentation of every list is read', () => {
  expect(operations.length).toBeGreaterThan(25);
  expect(documented('DescribeInstances').length).toBeGreaterThan(100);
});

test.each(operations)('%s knows every filter of its documentation', async (operation) => {
  const cloud = setUp();
  await cloud.run();
  await cloud.send('CreateLaunchTemplate', {
    LaunchTemplateName: 'api',
    LaunchTemplateData: { InstanceType: 't3.nano' },
  });
  const more = operation === 'DescribeLaunchTemplateVersions' ? { LaunchTemplateName: 'api' } : {};
  for (const Name of documented(operation)) {
    await cloud.send(operation, { ...more, Filters: [{ Name, Values: ['nothing is called this'] }] });
  }
  // Lists that are always empty have nothing to filter.
  const empty = ['DescribeAddresses', 'DescribeNatGateways'].includes(operation);
  if (empty) return;
  const unknown = { ...more, Filters: [{ Name: 'color', Values: ['red'] }] };
  expect(await cloud.code(operation, unknown)).toBe('InvalidParameterValue');
});

test('filters of instances look at what is shown of them', async () => {
  const cloud = setUp();
  const face = { DeviceIndex: 0, AssociatePublicIpAddress: true };
  const [plain = ''] = await cloud.run();
  const [special = ''] = await cloud.run(1, {
    EbsOptimized: true,
    NetworkInterfaces: [face],
    Monitoring: { Enabled: true },
  });
  const found = async (Name: string, ...Values: string[]) => {
    const { Reservations } = await cloud.send('DescribeInstances', { Filters: [{ Name, Values }] });
    return Reservations.flatMap((one: { Instances: { InstanceId: string }[] }) => one.Instances).map(
      (one: { InstanceId: string }) => one.InstanceId,
    );
  };
  const shown = await cloud.instance(special);
  expect(await found('ebs-optimized', 'true')).toEqual([special]);
  expect(await found('monitoring-state', 'enabled')).toEqual([special]);
  expect(await found('ip-address', shown.PublicIpAddress)).toEqual([special]);
  expect(await found('network-interface.mac-address', shown.NetworkInterfaces[0].MacAddress)).toEqual([special]);
  expect(await found('source-dest-check', 'true')).toEqual([plain, special]);
  expect(await found('block-device-mapping.device-name', '/dev/xvda')).toHaveLength(2);
  expect(await found('instance-lifecycle', '*')).toEqual([]);
  expect(await cloud.code('DescribeInstances', { Filters: [{ Name: 'color', Values: ['red'] }] })).toBe(
    'InvalidParameterValue',
  );
});

test('filters of what is on instances and around them look at what is shown', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run(1, { NetworkInterfaces: [{ DeviceIndex: 0, Description: 'front' }] });
  /** How many of a list pass a filter. */
  const count = async (operation: string, list: string, Name: string, ...Values: string[]) =>
    (await cloud.send(operation, { Filters: [{ Name, Values }] }))[list].length;
  const { NetworkInterfaces } = await cloud.send('DescribeNetworkInterfaces');
  const [{ MacAddress, Attachment }] = NetworkInterfaces;
  const faces = (name: string, ...values: string[]) =>
    count('DescribeNetworkInterfaces', 'NetworkInterfaces', name, ...values);
  expect(await faces('mac-address', MacAddress)).toBe(1);
  expect(await faces('attachment.attachment-id', Attachment.AttachmentId)).toBe(1);
  expect(await faces('attachment.instance-id', id)).toBe(1);
  expect(await faces('attachment.device-index', '0')).toBe(1);
  expect(await faces('description', 'fr*')).toBe(1);
  expect(await faces('group-name', 'default')).toBe(1);
  expect(await faces('source-dest-check', 'false')).toBe(0);
  expect(await faces('association.public-ip', '*')).toBe(0);

  const types = (name: string, ...values: string[]) => count('DescribeInstanceTypes', 'InstanceTypes', name, ...values);
  expect(await types('vcpu-info.default-vcpus', '4')).toBe(2);
  expect(await types('processor-info.supported-architecture', 'x86_64')).toBe(12);
  expect(await types('supported-usage-class', 'on-demand')).toBe(12);
  expect(await types('free-tier-eligible', 'true')).toBe(1);
  expect(await types('memory-info.size-in-mib', '512')).toBe(1);

  expect(await count('DescribeNetworkAcls', 'NetworkAcls', 'entry.egress', 'true')).toBe(1);
  expect(await count('DescribeNetworkAcls', 'NetworkAcls', 'entry.rule-number', '32767')).toBe(1);
  const hosts = 'private-dns-name-options-on-launch.hostname-type';
  expect(await count('DescribeSubnets', 'Subnets', hosts, 'ip-name')).toBe(3);
  expect(await count('DescribeVolumeStatus', 'VolumeStatuses', 'attachment-status.instance-id', id)).toBe(1);
});

test('filters of security groups look at the rules of each direction', async () => {
  const cloud = setUp();
  const { GroupId } = await cloud.send('CreateSecurityGroup', { GroupName: 'web', Description: 'web' });
  const permission = (more: object) => ({
    IpPermissions: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 444, ...more }],
  });
  const Ipv6Ranges = [{ CidrIpv6: '2001:db8::/32' }];
  await cloud.send('AuthorizeSecurityGroupIngress', { GroupId, ...permission({ Ipv6Ranges }) });
  const UserIdGroupPairs = [{ GroupId }];
  await cloud.send('AuthorizeSecurityGroupEgress', { GroupId, ...permission({ UserIdGroupPairs }) });
  const found = async (Name: string, value: string) => {
    const { SecurityGroups } = await cloud.send('DescribeSecurityGroups', { Filters: [{ Name, Values: [value] }] });
    return SecurityGroups.map((one: { GroupName: string }) => one.GroupName);
  };
  expect(await found('ip-permission.ipv6-cidr', '2001:db8::/32')).toEqual(['web']);
  expect(await found('ip-permission.cidr', '2001:db8::/32')).toEqual([]);
  expect(await found('egress.ip-permission.to-port', '444')).toEqual(['web']);
  expect(await found('egress.ip-permission.group-name', 'web')).toEqual(['web']);
  expect(await found('ip-permission.group-name', 'default')).toEqual(['default']);
  expect((await found('egress.ip-permission.cidr', '0.0.0.0/0')).sort()).toEqual(['default', 'web']);
});

test('filters of launch template versions look at their data', async () => {
  const cloud = setUp();
  const LaunchTemplateData = { EbsOptimized: true, MetadataOptions: { HttpTokens: 'required' } };
  await cloud.send('CreateLaunchTemplate', { LaunchTemplateName: 'api', LaunchTemplateData });
  const found = async (Name: string, value: string) => {
    const Filters = [{ Name, Values: [value] }];
    const { LaunchTemplateVersions } = await cloud.send('DescribeLaunchTemplateVersions', {
      LaunchTemplateName: 'api',
      Filters,
    });
    return LaunchTemplateVersions.length;
  };
  expect(await found('ebs-optimized', 'true')).toBe(1);
  expect(await found('http-tokens', 'required')).toBe(1);
  expect(await found('http-tokens', 'optional')).toBe(0);
  expect(await found('iam-instance-profile', '*')).toBe(0);
});
