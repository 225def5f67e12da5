import { PutLifecycleHookCommand } from '@aws-sdk/client-auto-scaling';
import { afterEach, expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { firstRelease, Simulated } from '../support/simulated.ts';

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const blueGreen = "strategy: 'blue-green', weights: [100], stepSeconds: 0, rollbackWindow: 9000, verifySeconds: 1,";

/** A release of a fleet whose new instances are held by a lifecycle hook that nothing completes. */
async function heldRelease(strategy: 'rolling' | 'blue-green') {
  const opened = await Simulated.create(strategy === 'rolling' ? [] : [['verifySeconds: 5,', blueGreen]]);
  world = opened;
  const releasing = async () => opened.run(await planRelease(opened.services, opened.clock, {}));
  expect((await releasing()).error).toBeUndefined();
  const { group, greenGroup } = opened.fleet.names;
  await opened.aws.autoScaling.send(
    new PutLifecycleHookCommand({
      AutoScalingGroupName: strategy === 'rolling' ? group : greenGroup,
      LifecycleHookName: 'warm-up',
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
    }),
  );
  const result = await releasing();
  return { result, serving: await opened.serving() };
}

const held = expect.stringContaining('(MidLifecycleAction): it is held by lifecycle hook warm-up');

it('a roll whose instances a lifecycle hook holds names the hook, not the version, and is rolled back', async () => {
  const { result, serving } = await heldRelease('rolling');
  expect(result.outcome).toBe('rolled-back');
  expect(result.error).toMatchObject({
    code: 'release.held',
    message: 'lifecycle hooks hold instances of api-local, so v2 could not be verified',
    details: expect.arrayContaining([held]),
    fix: expect.stringContaining('pipeline local aws autoscaling complete-lifecycle-action'),
  });
  expect(serving).toEqual(firstRelease);
}, 60_000);

it('a blue/green release whose instances a lifecycle hook holds names the hook, and is rolled back', async () => {
  const { result, serving } = await heldRelease('blue-green');
  expect(result.outcome).toBe('rolled-back');
  expect(result.error).toMatchObject({ code: 'group.unhealthy', details: expect.arrayContaining([held]) });
  expect(serving).toEqual(firstRelease);
}, 60_000);
