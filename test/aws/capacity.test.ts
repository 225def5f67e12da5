import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it, onTestFinished } from 'vitest';
import { freeAddresses } from '../../src/aws/capacity.ts';

it.each([
  [
    'of its subnets',
    { subnetIds: ['subnet-1', 'subnet-2'], zones: ['a', 'b'] },
    { SubnetIds: ['subnet-1', 'subnet-2'] },
  ],
  [
    'of the default subnets in its zones, when it was made with zones only',
    { subnetIds: [], zones: ['a', 'b'] },
    {
      Filters: [
        { Name: 'default-for-az', Values: ['true'] },
        { Name: 'availability-zone', Values: ['a', 'b'] },
      ],
    },
  ],
])('free addresses of a group are the addresses %s', async (_what, group, asked) => {
  const ec2 = mockClient(EC2Client);
  onTestFinished(() => ec2.restore());
  ec2
    .on(DescribeSubnetsCommand)
    .resolves({ Subnets: [{ AvailableIpAddressCount: 7 }, { AvailableIpAddressCount: 5 }] });
  expect(await freeAddresses(new EC2Client({ region: 'eu-west-1' }), group)).toBe(12);
  expect(ec2.commandCalls(DescribeSubnetsCommand).map((one) => one.args[0].input)).toEqual([asked]);
});
