import { isDeepStrictEqual } from 'node:util';
import { DescribeInstancesCommand, DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import type { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { listImages } from '../../src/aws/images.ts';
import { createTemplateVersion } from '../../src/aws/launch-templates.ts';
import { isActive, readRefresh, startRefresh } from '../../src/aws/refreshes.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import type { Plan } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseContext, ReleaseState } from '../../src/release/state.ts';
import { readStatus } from '../../src/status/read.ts';
import { firstRelease, Simulated } from '../support/simulated.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
afterEach(() => world.cloud.faults.clear());
afterAll(() => world?.close());

const release = (options: Parameters<typeof planRelease>[2] = {}) => planRelease(world.services, world.clock, options);
const calls = (operation: string) => world.cloud.calls.total(operation);

/** Instances that are there for a run only and still cost something. */
async function helpers(): Promise<(string | undefined)[]> {
  const { Reservations = [] } = await world.aws.ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: `tag:${tagKeys.role}`, Values: ['builder', 'validation'] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      ],
    }),
  );
  return Reservations.flatMap((one) => one.Instances ?? []).map((one) => one.InstanceId);
}

const imageNames = async () => (await listImages(world.aws.ec2, 'api', 'local')).map((image) => image.name);

/** The plan, with a hand on the context of one step. */
function seenThrough(
  plan: Plan<Services, ReleaseState>,
  id: string,
  wrap: (context: ReleaseContext) => ReleaseContext | Promise<ReleaseContext>,
): Plan<Services, ReleaseState> {
  const steps = plan.steps.map((step) =>
    step.id === id ? { ...step, run: async (context: ReleaseContext) => step.run(await wrap(context)) } : step,
  );
  return { ...plan, steps };
}

describe('the undo of a launch without an answer', () => {
  it('that was refused for missing capacity launches nothing, and leaves nothing', async () => {
    world.cloud.faults.add({ kind: 'insufficient-capacity' });
    const plan = await release({ bake: 'builder' });
    let refused = 0;
    const watched = seenThrough(
      plan,
      'boot-builder',
      (context) =>
        Object.create(context, {
          change: {
            value: (...[intent, apply]: Parameters<ReleaseContext['change']>) =>
              context.change(intent, apply).finally(() => {
                refused = calls('RunInstances');
              }),
          },
        }) as ReleaseContext,
    );
    const result = await world.run(watched);
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(result.error).toMatchObject({ code: 'launch.no-room' });
    const { details } = result.error as PipelineError;
    const { subnetIds } = await readGroup(world.aws.autoScaling, world.fleet.names.group);
    expect(details.map((line) => line.split(':').slice(0, 2))).toEqual(
      subnetIds.map((id) => [id, ' InsufficientInstanceCapacity']),
    );
    expect(refused).toBeGreaterThan(0);
    expect(calls('RunInstances')).toBe(refused);
    expect(await helpers()).toEqual([]);
  }, 60_000);

  it.each(['boot-builder', 'validate'])(
    'that succeeded with every answer lost (%s), while instances could not be read either, finds the instance by its token and terminates it',
    async (id) => {
      const plan = await release({ bake: 'builder' });
      const lossy = seenThrough(
        plan,
        id,
        (context) =>
          Object.create(context, {
            change: {
              value: (...[intent, apply]: Parameters<ReleaseContext['change']>) => {
                if (calls('RunInstances') === launches) {
                  world.cloud.faults.add({ kind: 'cut-after', operation: 'RunInstances' });
                  // As many attempts as there are at one call.
                  world.cloud.faults.add({ kind: 'cut-before', operation: 'DescribeInstances', count: 10 });
                  world.cloud.faults.add({ kind: 'eventual-consistency', delayMs: 10_000 });
                }
                return context.change(intent, apply);
              },
            },
          }) as ReleaseContext,
      );
      // One more by then, of the builder.
      const launches = calls('RunInstances') + (id === 'validate' ? 1 : 0);
      const result = await world.run(lossy);
      expect(calls('RunInstances')).toBeGreaterThan(launches);
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
      world.cloud.faults.clear();
      expect(await helpers()).toEqual([]);
    },
    60_000,
  );
});

describe('an image that is not consistent yet', () => {
  it('is deregistered by an undo right after CreateImage', async () => {
    const before = await imageNames();
    const interrupt = new AbortController();
    const plan = seenThrough(await release(), 'bake', (context) => {
      world.cloud.faults.add({ kind: 'eventual-consistency', delayMs: 10_000 });
      return Object.create(context, {
        change: {
          value: async (...[intent, apply]: Parameters<ReleaseContext['change']>) => {
            const result = await context.change(intent, apply);
            if (intent.action === 'create-image') interrupt.abort(new Error('interrupted'));
            return result;
          },
        },
      }) as ReleaseContext;
    });
    const result = await world.run(plan, { signal: interrupt.signal });
    expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    world.cloud.faults.clear();
    expect(await imageNames()).toEqual(before);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);
});

describe('an instance refresh of somebody else', () => {
  it('that began before ours is left alone, and the template version of ours is deleted', async () => {
    const { autoScaling, ec2 } = world.aws;
    const name = world.fleet.names.group;
    const { launchTemplate } = await readGroup(autoScaling, name);
    const [image] = await listImages(ec2, 'api', 'local');
    const theirs = await createTemplateVersion(ec2, {
      templateId: launchTemplate.id,
      sourceVersion: launchTemplate.version,
      imageId: image?.imageId ?? '',
      description: 'of somebody else',
      instanceTags: { [tagKeys.version]: 'v1' },
      token: 'somebody-else',
    });
    let refreshId = '';
    const plan = seenThrough(await release(), 'roll', async (context) => {
      const template = { id: theirs.templateId, version: theirs.number };
      // Long enough to be still there when ours begins, on whatever computer.
      const slow = { ...world.fleet.release.refresh, instanceWarmupSeconds: 200 };
      refreshId = await startRefresh(autoScaling, name, template, slow);
      return context;
    });
    const result = await world.run(plan);
    expect(result.error).toMatchObject({ code: 'refresh.foreign', message: expect.stringContaining(refreshId) });
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    await world.until(async () => !isActive(await readRefresh(autoScaling, name)));
    expect(await readRefresh(autoScaling, name)).toMatchObject({ id: refreshId, status: 'Successful' });
    expect((await readGroup(autoScaling, name)).launchTemplate.version).toBe(theirs.number);
    const { LaunchTemplates } = await ec2.send(new DescribeLaunchTemplatesCommand({}));
    expect(LaunchTemplates?.[0]?.LatestVersionNumber).toBe(Number(theirs.number));
    await world.until(
      async () => await world.serving(),
      (one) => isDeepStrictEqual(one, firstRelease),
    );
  }, 60_000);
});

describe('a version of the launch template whose creation was not answered', () => {
  const latest = async () =>
    (await world.aws.ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates?.[0]?.LatestVersionNumber;

  it.each([
    ['is gone after the undo of a release that could not make it', 'cut-before', 'rolled-back', false],
    ['is used when it was made', 'cut-after', 'done', true],
  ] as const)(
    '%s (%s)',
    async (_what, kind, outcome, isMade) => {
      const before = Number(await latest());
      const lossy = seenThrough(await release(), 'roll', (context) => {
        const fault = world.cloud.faults.add({ kind, operation: 'CreateLaunchTemplateVersion' });
        return Object.create(context, {
          change: {
            value: (...[intent, apply]: Parameters<ReleaseContext['change']>) =>
              context.change(intent, apply).finally(() => world.cloud.faults.clear(fault.id)),
          },
        }) as ReleaseContext;
      });
      expect(await world.run(lossy)).toMatchObject({ outcome, leftovers: [] });
      // Numbers of deleted versions are not given again.
      expect(Number(await latest()) > before).toBe(isMade);
    },
    60_000,
  );
});

describe('a plan that was made before somebody else released', () => {
  it('is refused, and changes nothing', async () => {
    const stale = await release();
    const other = await world.run(await release());
    expect(other.error).toBeUndefined();
    const result = await world.run(stale);
    expect(result).toMatchObject({ outcome: 'failed', leftovers: [], error: { code: 'preflight.changed' } });
    expect((result.error as Error).message).toBe(
      `api in local served ${stale.initial.current.version} when this release was planned, and serves ${other.state.version} now`,
    );
    expect((await readStatus(world.services)).version).toBe(other.state.version);
  }, 60_000);
});
