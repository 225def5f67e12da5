import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, expect, it } from 'vitest';
import { listImages } from '../../src/aws/images.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** Instances that are there for a run only. */
async function helpers({ aws }: Simulated): Promise<unknown[]> {
  const { Reservations = [] } = await aws.ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: `tag:${tagKeys.role}`, Values: ['builder', 'validation'] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      ],
    }),
  );
  return Reservations;
}

// What is new is not found for a while, neither by readings nor by changes that name it.
it.each([
  { strategy: 'rolling', bake: 'detach' as const, method: 'rolling' as const },
  { strategy: 'blue-green', bake: 'builder' as const, method: 'switch' as const },
])(
  'releases ($strategy, baked by $bake) and rollbacks work with a cloud that is slow to become consistent',
  async ({ strategy, bake, method }) => {
    const made = await Simulated.create([
      ['verifySeconds: 5,', `strategy: '${strategy}', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,`],
    ]);
    world = made;
    const { services, clock, cloud, aws } = made;
    const fault = cloud.faults.add({ kind: 'eventual-consistency', delayMs: 10_000 });
    const release = () => planRelease(services, clock, { bake });
    for (const version of ['v1', 'v2']) {
      const plan = version === 'v1' ? await planRelease(services, clock, {}) : await release();
      expect(await made.run(plan)).toMatchObject({ outcome: 'done', leftovers: [] });
      expect(await readStatus(services)).toMatchObject({ version, healthy: 4, desired: 4 });
    }
    for (const step of ['bake', 'validate']) {
      expect(await made.run(failingAfter(await release(), step))).toMatchObject({
        outcome: 'rolled-back',
        leftovers: [],
      });
    }
    expect(await made.run(await planRollback(services, clock, { force: false, method }))).toMatchObject({
      ...{ outcome: 'done', leftovers: [] },
    });
    expect(await readStatus(services)).toMatchObject({ version: 'v1', healthy: 4, desired: 4 });
    expect(cloud.faults.list().find(({ id }) => id === fault.id)?.hits).toBeGreaterThan(0);
    // Nothing of the failed runs is there, now that all of it would be shown.
    cloud.faults.clear();
    expect(await helpers(made)).toEqual([]);
    const images = await listImages(aws.ec2, 'api', 'local');
    expect(images.map((image) => image.version).sort()).toEqual(['v1', 'v2']);
  },
  180_000,
);
