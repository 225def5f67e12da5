import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { setCapacity } from '../../src/aws/groups.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planScaleCancel } from '../../src/scale/plan.ts';
import { Simulated } from './simulated.ts';

export type ScalingFleet = Awaited<ReturnType<typeof scalingFleet>>;

/**
 * A fleet of simulated instances with its first release on four of them, in an account with room for many more.
 * @param options.wire For what is served on the wire only, such as Service Quotas.
 */
export async function scalingFleet({ wire = false } = {}) {
  const world = await Simulated.create([], { switching: true, wire });
  const { services } = world;
  expect((await world.run(await planRelease(services, world.clock, {}))).error).toBeUndefined();
  return Object.assign(world, {
    /** How many instances there are in all, proofs and builders too. */
    async instances(): Promise<number> {
      const Filters = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }];
      const { Reservations = [] } = await services.aws.ec2.send(new DescribeInstancesCommand({ Filters }));
      return Reservations.flatMap((one) => one.Instances ?? []).length;
    },
    /** Ends what a test has left of events and sizes: four instances, as before it. */
    async usual(): Promise<void> {
      await world.run(await planScaleCancel(services, world.clock));
      await setCapacity(services.aws.autoScaling, services.fleet.names.group, { min: 4, desired: 4 });
      await world.until(this.instances, (n) => n === 4);
    },
  });
}
