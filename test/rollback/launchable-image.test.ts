import { DisableImageCommand } from '@aws-sdk/client-ec2';
import { afterEach, expect, it } from 'vitest';
import { readImage } from '../../src/aws/images.ts';
import { planPin } from '../../src/retention/plan-pin.ts';
import { planPrune } from '../../src/retention/plan-prune.ts';
import { launchable } from '../../src/rollback/launchable-image.ts';
import { TestFleet } from '../retention/support/fleet.ts';

let fleet: TestFleet;
afterEach(() => fleet.cloud.close());

/** What a rollback to a version is told about its image. */
async function asked(version: string) {
  const { services, releases } = fleet;
  const target = releases.find((release) => release.version === version);
  if (!target?.image) throw new Error(`no image of ${version}`);
  const image = await readImage(services.aws.ec2, target.image.imageId);
  return launchable(services, image, target, releases, { named: false }).then(
    () => 'available',
    (error: { message: string; fix: string }) => `${error.message}; ${error.fix}`,
  );
}
const prune = async () => fleet.run(await planPrune(fleet.services, fleet.cloud.clock, { force: false }));

it('a rollback to a disabled image is refused with the command for it, and the next available version', async () => {
  fleet = await TestFleet.create({ retireGraceHours: 2 });
  for (let n = 0; n < 5; n++) await fleet.release();
  await prune();
  expect(fleet.images().slice(0, 3)).toEqual(['v1 disabled', 'v2 disabled', 'v3 disabled']);
  const refusal = await asked('v2');
  expect(refusal).toContain('the image of v2 is disabled; retention has disabled it');
  expect(refusal).toContain('enable it and go there: pipeline fast-rollback api v2; or choose another');
  await fleet.run(await planPin(fleet.services, fleet.cloud.clock, { version: 'v2' }));
  await prune();
  expect(await asked('v2')).toBe('available');
  expect(await asked('v3')).toContain(
    'fast-rollback api v3; or go to the next one before it: pipeline fast-rollback api v2; or',
  );

  const [, , , v4] = fleet.releases;
  await fleet.services.aws.ec2.send(new DisableImageCommand({ ImageId: v4?.image?.imageId }));
  expect(await asked('v4')).toContain('is disabled; enable it and go there: pipeline fast-rollback api v4');
});
