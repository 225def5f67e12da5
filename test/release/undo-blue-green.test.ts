import { DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

it('a blue/green release that fails after any step leaves no version of the launch template behind', async () => {
  const world = await Simulated.create([
    ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 2,"],
  ]);
  const { services, clock, aws } = world;
  const versions = async () => {
    const { LaunchTemplates } = await aws.ec2.send(new DescribeLaunchTemplatesCommand({}));
    return LaunchTemplates?.map((one) => [one.DefaultVersionNumber, one.LatestVersionNumber]);
  };
  try {
    // The first finds an empty fleet and rolls it.
    for (let n = 1; n <= 2; n++)
      expect((await world.run(await planRelease(services, clock, {}))).error).toBeUndefined();
    const before = await versions();
    for (const id of ['scale-up-idle-group', 'shift-traffic', 'promote', 'verify']) {
      const result = await world.run(failingAfter(await planRelease(services, clock, {}), id));
      expect(result, id).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
      expect(await versions(), id).toEqual(before);
    }
  } finally {
    await world.close();
  }
}, 120_000);
