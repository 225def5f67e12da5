import { DescribeInstancesCommand, DescribeInstanceTypesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { isStandard, runningVcpus } from '../../src/aws/vcpus.ts';

const client = new EC2Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(client);
beforeEach(() => mock.reset());

it.each(['a1.large', 'c7gn.xlarge', 'd3en.xlarge', 'im4gn.large', 'is4gen.large', 'm5.large', 't3.small', 'z1d.large'])(
  '%s counts for the quota of standard types',
  (type) => expect(isStandard(type)).toBe(true),
);

it.each([
  'dl1.24xlarge',
  'f1.2xlarge',
  'g5.xlarge',
  'hpc7a.12xlarge',
  'inf2.xlarge',
  'mac2.metal',
  'p5.48xlarge',
  'trn1.2xlarge',
  'u-6tb1.metal',
  'x2gd.large',
])('%s has a quota of its own', (type) => expect(isStandard(type)).toBe(false));

it('adds up what counts, page by page, and requests the types once for instances that do not state their vCPUs', async () => {
  mock
    .on(DescribeInstancesCommand)
    .resolvesOnce({
      NextToken: 'more',
      Reservations: [
        {
          Instances: [
            { InstanceType: 'm5.xlarge', CpuOptions: { CoreCount: 2, ThreadsPerCore: 2 } },
            // Hyper-threading is off: one thread a core is what counts.
            { InstanceType: 'm5.xlarge', CpuOptions: { CoreCount: 2, ThreadsPerCore: 1 } },
            { InstanceType: 'm5.xlarge', InstanceLifecycle: 'spot', CpuOptions: { CoreCount: 2, ThreadsPerCore: 2 } },
            { InstanceType: 'g5.xlarge', CpuOptions: { CoreCount: 2, ThreadsPerCore: 2 } },
          ],
        },
      ],
    })
    .resolves({ Reservations: [{ Instances: [{ InstanceType: 't3.small' }, { InstanceType: 't3.small' }] }] });
  mock.on(DescribeInstanceTypesCommand).resolves({
    InstanceTypes: [{ InstanceType: 't3.small', VCpuInfo: { DefaultVCpus: 2 } }],
  });
  expect(await runningVcpus(client)).toBe(4 + 2 + 2 * 2);
  expect(mock.commandCalls(DescribeInstancesCommand)).toHaveLength(2);
  expect(mock.commandCalls(DescribeInstancesCommand)[0]?.args[0].input).toMatchObject({
    Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }],
    MaxResults: 1000,
  });
  expect(mock.commandCalls(DescribeInstanceTypesCommand)).toHaveLength(1);
});
