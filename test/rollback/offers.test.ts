import { DeregisterImageCommand, DisableImageCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { readOutlook } from '../../src/rollback/outlook.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  for (let release = 0; release < 3; release++) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  }
}, 60_000);
afterAll(() => world?.close());

const imageOf = async (version: string) => (await world.services.ledger.release('api', version))?.image?.imageId ?? '';

it('a rollback without a version skips versions whose image is gone, and reports that as status does', async () => {
  await world.aws.ec2.send(new DeregisterImageCommand({ ImageId: await imageOf('v2') }));
  const plan = await planRollback(world.services, world.clock, { force: false });
  expect(plan.initial.version).toBe('v1');
  expect(plan.described.preflight).toContain('not to v2: its image is gone');
  const outlook = await readOutlook(world.services);
  expect(outlook).toMatchObject({ version: 'v1', why: expect.stringContaining('not to v2: its image is gone') });
});

it('a rollback to a missing version offers only versions with an image', async () => {
  await expect(planRollback(world.services, world.clock, { version: 'v9', force: false })).rejects.toMatchObject({
    code: 'rollback.unknown-version',
    message: 'api has no release v9. Available: v1',
  });
});

it('a rollback is refused with the state of the last image when there is none', async () => {
  await world.aws.ec2.send(new DisableImageCommand({ ImageId: await imageOf('v1') }));
  await expect(planRollback(world.services, world.clock, { force: false })).rejects.toMatchObject({
    code: 'rollback.image-gone',
    message: 'the image of v2 is gone',
  });
  expect(await readOutlook(world.services)).toMatchObject({ version: null, why: 'the image of v2 is gone' });
});
