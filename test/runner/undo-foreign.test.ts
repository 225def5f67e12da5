import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readGroupTag, setGroupTag } from '../../src/aws/group-tags.ts';
import { readGroup, setCapacity, setTemplate } from '../../src/aws/groups.ts';
import { tagPinned } from '../../src/aws/image-retirement.ts';
import { readImage } from '../../src/aws/images.ts';
import { createTemplateVersion, readTemplateVersion, setDefaultVersion } from '../../src/aws/launch-templates.ts';
import { deleteScheduledActions, putScheduledActions, readScheduledActions } from '../../src/aws/scaling-settings.ts';
import type { Plan } from '../../src/engine/step.ts';
import { heldTag } from '../../src/fleet/scaling/held-size.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planPin } from '../../src/retention/plan-pin.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planScale } from '../../src/scale/plan.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  for (let n = 0; n < 2; n++) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  }
}, 60_000);
afterEach(() => {
  world.notes.length = 0;
});
afterAll(() => world?.close());

/** The plan, with somebody else active as soon as a step is done; then the step fails, and the run is undone. */
function disturbed<S, State>(plan: Plan<S, State>, id: string, change: () => Promise<unknown>): Plan<S, State> {
  const steps = plan.steps.map((step) =>
    step.id !== id
      ? step
      : {
          ...step,
          run: async (context: Parameters<typeof step.run>[0]) => {
            await step.run(context);
            await change();
            throw new PipelineError('test.broken', 'broken on purpose');
          },
        },
  );
  return { ...plan, steps };
}

const group = () => readGroup(world.aws.autoScaling, world.fleet.names.group);
const template = async () => (await group()).launchTemplate.id;

/** A version of the launch template that another run has made. */
async function foreignVersion(token: string): Promise<string> {
  const { version } = (await group()).launchTemplate;
  const { imageId = '' } = await readTemplateVersion(world.aws.ec2, await template(), version);
  const made = { sourceVersion: version, imageId, description: 'another run', instanceTags: {}, token };
  return (await createTemplateVersion(world.aws.ec2, { templateId: await template(), ...made })).number;
}
const defaultVersion = async () => (await readTemplateVersion(world.aws.ec2, await template(), '$Default')).number;

it('the default version of the launch template that another run has set survives the undo of a release', async () => {
  let theirs = '';
  const plan = await planRelease(world.services, world.clock, {});
  const result = await world.run(
    disturbed(plan, 'roll', async () => {
      theirs = await foreignVersion('default');
      await setDefaultVersion(world.aws.ec2, await template(), theirs);
    }),
  );
  expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  expect(await defaultVersion()).toBe(theirs);
  expect(world.notes.join('\n')).toContain(`is ${theirs}, which this run did not set: it stays`);
});

it('a minimum that another run has set survives the undo of a release that found none', async () => {
  const { min } = await group();
  const { name } = await group();
  await setCapacity(world.aws.autoScaling, name, { min: 0 });
  const plan = await planRelease(world.services, world.clock, {});
  const result = await world.run(disturbed(plan, 'roll', () => setCapacity(world.aws.autoScaling, name, { min: 1 })));
  expect(result.outcome).toBe('rolled-back');
  expect((await group()).min).toBe(1);
  await setCapacity(world.aws.autoScaling, name, { min });
});

it('a template version that another run has given the group survives the undo of a rollback', async () => {
  let theirs = '';
  const before = (await group()).launchTemplate;
  const plan = await planRollback(world.services, world.clock, { force: false, method: 'in-place' });
  const result = await world.run(
    disturbed(plan, 'pin-template', async () => {
      theirs = await foreignVersion('group');
      await setTemplate(world.aws.autoScaling, (await group()).name, { id: before.id, version: theirs });
    }),
  );
  expect(result.outcome).toBe('rolled-back');
  expect((await group()).launchTemplate.version).toBe(theirs);
  await setTemplate(world.aws.autoScaling, (await group()).name, before);
});

it('an image that another run has pinned since stays pinned by the undo of a pin', async () => {
  const plan = await planPin(world.services, world.clock, { version: 'v1' });
  const { imageId } = plan.initial;
  const at = '2030-01-01T00:00:00.000Z';
  const theirs = { by: 'ben@elsewhere', at, protects: true };
  const result = await world.run(disturbed(plan, 'pin', () => tagPinned(world.aws.ec2, imageId, theirs)));
  expect(result.outcome).toBe('rolled-back');
  expect(await readImage(world.aws.ec2, imageId)).toMatchObject({ pin: { by: theirs.by, at }, protected: true });
});

it('what another run has scheduled and noted for an event survives the undo of a scale', async () => {
  const { autoScaling } = world.aws;
  const { name } = await group();
  const at = world.clock.now() + 7_200_000;
  const services = world.services as Services;
  const plan = await planScale(services, world.clock, { to: 6, at });
  const theirs = { start: new Date(at + 3_600_000).toISOString(), min: 8, desired: 8 };
  const result = await world.run(
    disturbed(plan, 'schedule', async () => {
      const [own] = await readScheduledActions(autoScaling, name);
      await deleteScheduledActions(autoScaling, name, [own?.name ?? '']);
      await putScheduledActions(autoScaling, name, [{ name: own?.name ?? '', ...theirs }], world.clock.now());
      await setGroupTag(autoScaling, name, heldTag, 'of another run');
    }),
  );
  expect(result.outcome).toBe('rolled-back');
  expect(await readScheduledActions(autoScaling, name)).toMatchObject([{ min: 8, desired: 8 }]);
  expect(await readGroupTag(autoScaling, name, heldTag)).toBe('of another run');
});
