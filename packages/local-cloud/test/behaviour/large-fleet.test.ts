import {
  type Activity,
  CreateAutoScalingGroupCommand,
  paginateDescribeScalingActivities,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateVersionCommand } from '@aws-sdk/client-ec2';
import {
  DescribeTargetHealthCommand,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, describe, expect, it } from 'vitest';
import { account, delayProfiles } from '../../src/settings.ts';
import { World } from './support.ts';

/** Machines of the largest fleet that teams rehearse with. */
const size = 350;
/** In seconds; AWS's default of 300 would say no more and take longer. */
const deregistrationDelay = 60;

let world: World;
afterEach(() => world.close());

/** A fleet behind a balancer with AWS's delays, all of it healthy, and version 2 of its template. */
async function fleet() {
  world = await World.start({ delays: 'aws', lookMs: 1_000 });
  const targets = await world.targetGroup({ HealthCheckIntervalSeconds: 10, HealthCheckTimeoutSeconds: 5 });
  await world.listener(targets);
  await world.elb.send(
    new ModifyTargetGroupAttributesCommand({
      TargetGroupArn: targets,
      Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: `${deregistrationDelay}` }],
    }),
  );
  const LaunchTemplateName = await world.template();
  const AutoScalingGroupName = world.name('group');
  await world.asg.send(
    new CreateAutoScalingGroupCommand({
      ...{ AutoScalingGroupName, MinSize: size, MaxSize: 2 * size, DesiredCapacity: size },
      ...{ LaunchTemplate: { LaunchTemplateName, Version: '1' }, TargetGroupARNs: [targets] },
      ...{ VPCZoneIdentifier: Object.values(account.subnets).join(','), HealthCheckType: 'ELB' },
      HealthCheckGracePeriod: 300,
    }),
  );
  await world.until(
    () => healthy(targets),
    (count) => count === size,
  );
  await world.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName,
      LaunchTemplateData: { ImageId: account.baseImageId },
    }),
  );
  return { AutoScalingGroupName, targets, LaunchTemplateName };
}

async function healthy(TargetGroupArn: string): Promise<number> {
  const { TargetHealthDescriptions = [] } = await world.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
  return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy').length;
}

async function activities(AutoScalingGroupName: string): Promise<Activity[]> {
  const pages = paginateDescribeScalingActivities({ client: world.asg }, { AutoScalingGroupName });
  const all: Activity[] = [];
  for await (const { Activities = [] } of pages) all.push(...Activities);
  return all;
}

/** The least and the most machines in service at any time since `since`, by the record of what began and ended when. */
function extremes(all: Activity[], since: number): { least: number; most: number } {
  const changes = all.flatMap(({ Description = '', StartTime, EndTime }): [number, number][] => {
    if (Description.startsWith('Launching')) return EndTime ? [[EndTime.getTime(), 1]] : [];
    return StartTime ? [[StartTime.getTime(), -1]] : [];
  });
  // Of what happens in one millisecond, the worst is assumed: first all that leave.
  changes.sort(([at, by], [otherAt, otherBy]) => at - otherAt || by - otherBy);
  const counted = { least: Number.POSITIVE_INFINITY, most: 0 };
  let inService = 0;
  for (const [at, by] of changes) {
    inService += by;
    if (at < since) continue;
    counted.least = Math.min(counted.least, inService);
    counted.most = Math.max(counted.most, inService);
  }
  return counted;
}

describe('a fleet of 350 simulated machines with the delays of AWS', () => {
  it.each([
    { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 },
    { MinHealthyPercentage: 80, MaxHealthyPercentage: 120 },
  ])(
    'is refreshed in whole, within its bounds: %j',
    async (bounds) => {
      const { AutoScalingGroupName, LaunchTemplateName, targets } = await fleet();
      const before = new Set((await world.members(AutoScalingGroupName)).map(({ InstanceId }) => InstanceId));
      world.cloud.calls.reset();
      const began = world.clock.now();
      await world.asg.send(
        new StartInstanceRefreshCommand({
          AutoScalingGroupName,
          DesiredConfiguration: { LaunchTemplate: { LaunchTemplateName, Version: '2' } },
          Preferences: { ...bounds, InstanceWarmup: 0 },
        }),
      );
      let looks = 0;
      let leastHealthy = size;
      await world.until(
        async () => {
          looks++;
          leastHealthy = Math.min(leastHealthy, await healthy(targets));
          return world.refresh(AutoScalingGroupName);
        },
        (refresh) => refresh?.Status === 'Successful',
        60_000,
      );
      const took = world.clock.now() - began;

      const after = await world.members(AutoScalingGroupName);
      expect(after.map(({ LaunchTemplate }) => LaunchTemplate?.Version)).toEqual(Array(size).fill('2'));
      expect(after.some(({ InstanceId }) => before.has(InstanceId))).toBe(false);
      expect(await healthy(targets)).toBe(size);

      const minimum = (size * bounds.MinHealthyPercentage) / 100;
      const maximum = (size * bounds.MaxHealthyPercentage) / 100;
      expect(leastHealthy).toBeGreaterThanOrEqual(minimum);
      const counted = extremes(await activities(AutoScalingGroupName), began);
      expect(counted.least).toBeGreaterThanOrEqual(minimum);
      expect(counted.most).toBeLessThanOrEqual(maximum);
      // Launched, checked twice, and then the old ones drained: AWS's delays are not left out.
      const { instancePending, instanceBoot, instanceShutdown } = delayProfiles.aws;
      const drain = deregistrationDelay * 1000;
      expect(took).toBeGreaterThanOrEqual(instancePending + instanceBoot + 2 * 10_000 + drain + instanceShutdown);

      // One call does it all; the others only look.
      const { totals } = world.cloud.calls.report({ limit: 0 });
      const made = Object.fromEntries(totals.map(({ operation, calls, failed }) => [operation, { calls, failed }]));
      expect(made.StartInstanceRefresh).toEqual({ calls: 1, failed: 0 });
      expect(made.DescribeInstanceRefreshes).toEqual({ calls: looks, failed: 0 });
      expect(made.DescribeTargetHealth).toEqual({ calls: looks + 1, failed: 0 });
      const changing = totals.filter(({ operation }) => !operation.startsWith('Describe'));
      expect(changing.map(({ operation }) => operation)).toEqual(['StartInstanceRefresh']);
      expect(world.reports).toEqual([]);
    },
    120_000,
  );
});
