import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readGroupTag } from '../../src/aws/group-tags.ts';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { readScheduledActions } from '../../src/aws/scaling-settings.ts';
import { heldTag } from '../../src/fleet/scaling/held-size.ts';
import type { Services } from '../../src/fleet/services.ts';
import { abort as abortRun } from '../../src/runner/abort.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { type Death, die } from '../support/dying.ts';
import { type ScalingFleet, scalingFleet } from '../support/scaling-fleet.ts';
import { runnerOfTest } from './support/runner-context.ts';

let world: ScalingFleet;
let services: Services;

beforeAll(async () => {
  world = await scalingFleet();
  services = world.services;
}, 60_000);
afterAll(() => world.close());
afterEach(() => world.usual(), 60_000);

const in_ = (seconds: number) => world.clock.now() + seconds * 1000;
const fleet = async () => {
  const { autoScaling } = services.aws;
  const group = services.fleet.names.group;
  const [{ min, desired }, actions, tag] = await Promise.all([
    readGroup(autoScaling, group),
    readScheduledActions(autoScaling, group),
    readGroupTag(autoScaling, group, heldTag),
  ]);
  return { min, desired, actions: actions.map((one) => one.name), held: tag !== undefined };
};
const usual = { min: 4, desired: 4, actions: [], held: false };

/** What `pipeline abort` does, and reports. */
async function abort() {
  const runner = runnerOfTest(world.clock, 'pipeline abort api');
  const ended = await abortRun(runner, services, 'pipeline abort');
  return { outcome: ended?.run.outcome, messages: runner.messages };
}

describe('a scale run whose process crashed', () => {
  it.each<Death>([
    { at: 'launch-validation-instance', how: 'made' },
    { at: 'tag-group', how: 'made' },
    { at: 'set-capacity', how: 'intended' },
    { at: 'set-capacity', how: 'made' },
    { at: 'put-scheduled-actions', how: 'made' },
  ])(
    'is undone: $how $at',
    async (death) => {
      await die(world, await planScale(services, world.clock, { to: 7, until: in_(3600) }), death);
      expect(await abort()).toMatchObject({ outcome: 'interrupted' });
      expect(await fleet()).toEqual(usual);
      await world.until(world.instances, (n) => n === 4);
      expect(await abort()).toEqual({ outcome: undefined, messages: [] });
    },
    60_000,
  );

  it('keeps changes of size that others have made since', async () => {
    await die(world, await planScale(services, world.clock, { to: 7 }), { at: 'set-capacity', how: 'made' });
    await setCapacity(services.aws.autoScaling, services.fleet.names.group, { desired: 9 });
    expect(await abort()).toMatchObject({ outcome: 'interrupted' });
    expect(await fleet()).toEqual({ ...usual, desired: 9 });
  }, 60_000);

  it('keeps its size once that was changed, and reports the command that undoes it', async () => {
    await die(world, await planScale(services, world.clock, { to: 6 }), { at: 'resize', how: 'finished' });
    const { outcome, messages } = await abort();
    expect(outcome).toBe('interrupted');
    const undoCommand = 'pipeline scale api --cancel';
    expect(messages).toContainEqual({ code: 'undo.kept', title: 'Resize the group', undoCommand });
    expect(await fleet()).toEqual({ min: 6, desired: 6, actions: [], held: true });
  }, 60_000);

  it('leaves no scheduled event when it was about to schedule one', async () => {
    const plan = await planScale(services, world.clock, { to: 7, at: in_(1800), until: in_(3600) });
    await die(world, plan, { at: 'put-scheduled-actions', how: 'made' });
    expect((await fleet()).actions).toHaveLength(2);
    expect(await abort()).toMatchObject({ outcome: 'interrupted' });
    expect(await fleet()).toEqual(usual);
  }, 60_000);

  it('whose event has begun meanwhile is left to --cancel', async () => {
    const plan = await planScale(services, world.clock, { to: 6, at: in_(100) });
    await die(world, plan, { at: 'put-scheduled-actions', how: 'made' });
    await world.until(fleet, ({ desired }) => desired === 6);
    const { outcome, messages } = await abort();
    expect(outcome).toBe('manual-intervention');
    const leftover = expect.stringMatching(
      /^Schedule the size changes: the event has begun at .*; to end it: pipeline scale api --cancel/,
    );
    expect(messages).toContainEqual({ code: 'undo.leftover', leftover });
    expect(await fleet()).toMatchObject({ min: 6, desired: 6, held: true });
  }, 60_000);

  it.each<Death>([
    { at: 'delete-scheduled-actions', how: 'made' },
    { at: 'set-capacity', how: 'made' },
    { at: 'tag-group', how: 'made' },
  ])(
    'continues the event when it was returning to the usual size: $how $at',
    async (death) => {
      const scaled = await world.run(await planScale(services, world.clock, { to: 6, until: in_(3600) }));
      expect(scaled.error).toBeUndefined();
      const during = await fleet();
      await die(world, await planScaleCancel(services, world.clock), death);
      expect(await abort()).toMatchObject({ outcome: 'interrupted' });
      expect(await fleet()).toEqual(during);
    },
    60_000,
  );
});
