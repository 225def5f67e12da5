import {
  CreateAutoScalingGroupCommand,
  DescribeInstanceRefreshesCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { FaultyCloud } from './support.ts';

const [first, second, third] = ['m5.large', 'm5a.large', 'm6i.large'] as const;
const zones = account.zones;

let f: FaultyCloud;
beforeEach(async () => {
  f = await FaultyCloud.start();
  for (const LaunchTemplateName of ['api', 'other']) {
    const LaunchTemplateData = { ImageId: account.baseImageId, InstanceType: 't3.micro' as const };
    await f.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
  }
});
afterEach(async () => {
  await f.close();
  expect(f.reports).toEqual([]);
});

const desire = (DesiredCapacity: number) =>
  f.asg.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: 'api', DesiredCapacity }));

const template = (LaunchTemplateName: string) => ({ LaunchTemplateName, Version: '1' });

/** A group over all zones, by three overrides of which the last has its own template. */
async function group(OnDemandAllocationStrategy: string): Promise<void> {
  await f.asg.send(
    new CreateAutoScalingGroupCommand({
      ...{ AutoScalingGroupName: 'api', MinSize: 0, MaxSize: 12 },
      VPCZoneIdentifier: Object.values(account.subnets).join(','),
      MixedInstancesPolicy: {
        LaunchTemplate: {
          LaunchTemplateSpecification: template('api'),
          Overrides: [
            { InstanceType: first },
            { InstanceType: second },
            { InstanceType: third, LaunchTemplateSpecification: template('other') },
          ],
        },
        InstancesDistribution: { OnDemandAllocationStrategy },
      },
    }),
  );
}

/** `zone type template` of each member, in service, sorted. */
async function members(count: number): Promise<string[]> {
  const all = await f.until(
    () => f.members(),
    ({ length }) => length === count,
  );
  return all
    .map((one) => `${one.AvailabilityZone} ${one.InstanceType} ${one.LaunchTemplate?.LaunchTemplateName}`)
    .sort();
}

async function refusals(): Promise<string[]> {
  const { Activities = [] } = await f.asg.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: 'api' }));
  return Activities.filter(({ StatusCode }) => StatusCode === 'Failed').map(({ StatusMessage = '' }) => StatusMessage);
}

describe('a mixed-instances policy', () => {
  it.each(['prioritized', 'lowest-price'])(
    'ASG-MIX-01 launches the next override of a zone where one has no room, then goes to other zones (%s)',
    async (strategy) => {
      await group(strategy);
      const [a, b, c] = zones;
      f.cloud.faults.add({ kind: 'insufficient-capacity', zone: a, type: first });
      await desire(3);
      const three = [`${a} ${second} api`, `${b} ${first} api`, `${c} ${first} api`];
      expect(await members(3)).toEqual(three);
      const [refused = '', ...more] = await refusals();
      expect(refused).toContain(`sufficient ${first} capacity in the Availability Zone you requested (${a})`);
      expect(more).toEqual([]);

      // The last one brings its own template.
      f.cloud.faults.add({ kind: 'insufficient-capacity', type: first });
      f.cloud.faults.add({ kind: 'insufficient-capacity', type: second });
      await desire(4);
      const four = await members(4);
      expect(four.filter((one) => !three.includes(one))).toEqual([expect.stringContaining(`${third} other`)]);

      // Where no type has room, another zone has.
      f.cloud.faults.clear();
      f.cloud.faults.add({ kind: 'insufficient-capacity', zone: c });
      await desire(6);
      const six = await members(6);
      expect(six.filter((one) => one.startsWith(c))).toHaveLength(1);
      expect(await refusals()).toHaveLength(6);
    },
  );

  it('leaves all that it may launch alone when a refresh skips what matches', async () => {
    await group('prioritized');
    f.cloud.faults.add({ kind: 'insufficient-capacity', zone: zones[0], type: first });
    await desire(3);
    await members(3);
    const ids = async () => (await f.members()).map(({ InstanceId }) => InstanceId);
    const before = await ids();
    await f.asg.send(
      new StartInstanceRefreshCommand({
        AutoScalingGroupName: 'api',
        Preferences: { SkipMatching: true, InstanceWarmup: 0, MinHealthyPercentage: 0 },
      }),
    );
    await f.clock.advance(60_000);
    const { InstanceRefreshes } = await f.asg.send(
      new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: 'api' }),
    );
    expect(InstanceRefreshes?.[0]?.Status).toBe('Successful');
    expect(await ids()).toEqual(before);
  });
});
