import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { setUp } from './support.ts';

const models = join(dirname(createRequire(import.meta.url).resolve('@aws-sdk/client-ec2')), '../dist-types/models');

/** Names of the filters that the SDK's documentation of a request lists. */
async function documented(request: string): Promise<string[]> {
  const files = (await readdir(models)).filter((file) => file.startsWith('models_'));
  const text = (await Promise.all(files.map((file) => readFile(join(models, file), 'utf8')))).join('');
  const [, members = ''] = new RegExp(`export interface ${request} \\{(.*?)^\\}`, 'ms').exec(text) ?? [];
  const [comment = ''] = members.split(/^ {4}Filters\?:/m);
  const flat = comment.replace(/\n\s+\*\s*/g, ' ');
  return [...flat.matchAll(/<li> *<p> *<code>([a-z0-9.:-]+)<\/code> - /g)].map(([, name = '']) => name);
}

test.each(['DescribeInstances', 'DescribeImages', 'DescribeVolumes'])(
  '%s knows every filter of its documentation',
  async (operation) => {
    const cloud = setUp();
    await cloud.run();
    const names = await documented(`${operation}Request`);
    expect(names.length).toBeGreaterThan(15);
    const severities = ['informational', 'low', 'medium', 'high', 'critical'];
    for (const Name of names.filter((name) => !severities.includes(name)))
      await cloud.send(operation, { Filters: [{ Name, Values: ['nothing is called this'] }] });
  },
);

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
  expect(await cloud.code('DescribeInstances', { Filters: [{ Name: 'colour', Values: ['red'] }] })).toBe(
    'InvalidParameterValue',
  );
});
