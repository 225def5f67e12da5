import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DemoProject } from '../../examples/demo/project.ts';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { readRoutes, setWeights } from '../../src/aws/listeners.ts';
import { loadFleet } from '../../src/config/load.ts';
import { createPoll } from '../../src/engine/poll.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { provisionFleets } from '../../src/provision/fleets.ts';
import { planRelease } from '../../src/release/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { everyVersion, failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const strategy = [
  'verifySeconds: 5,',
  "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 3000, verifySeconds: 5,",
];

/** Calls back once, right after the weights have changed for the first time. */
function afterWeights({ aws }: Simulated, then: () => void): void {
  let done = false;
  aws.elb.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      if (!done && 'DefaultActions' in (args.input as object)) {
        done = true;
        then();
      }
      return answer;
    },
    { step: 'initialize', name: 'afterWeights' },
  );
}

describe('a fleet with one group', () => {
  it('becomes blue/green with the next release, while it serves', async () => {
    world = await Simulated.create();
    await world.run(await planRelease(world.services, world.clock, {}));
    const projectDir = path.join(world.dir, 'project');
    const file = path.join(projectDir, 'pipelines/api.ts');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(strategy[0] ?? '', strategy[1] ?? ''));
    await new DemoProject(projectDir).commit('Release in two groups');
    const { endpoint, region, credentials } = world.cloud;
    await provisionFleets({
      projectDir,
      cloud: { endpoint, region, ...credentials },
      note: () => undefined,
      clients: world.aws,
      poll: createPoll(world.clock),
    });
    const fleet = await loadFleet({ projectDir, app: 'api', environment: 'local' });
    const rolling = { ...world.services };
    const services = Object.assign(world.services, { fleet });
    const listener = (await observeFleet(services)).facts.listenerArn;
    // Its listener knows one target group only.
    const before = (await readRoutes(world.aws.elb, listener)).map((route) => route.weights);
    expect(before).toContainEqual([expect.objectContaining({ weight: 1 })]);
    const broken = await world.run(failingAfter(await planRelease(services, world.clock, {}), 'shift-traffic'));
    expect(broken).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect((await readRoutes(world.aws.elb, listener)).map((route) => route.weights)).toEqual(before);
    const result = await world.run(await planRelease(services, world.clock, {}));
    expect(result.error).toBeUndefined();
    const status = await readStatus(services);
    expect(status.groups.map(({ name, share }) => [name, share])).toEqual([
      ['api-local-green', 1],
      ['api-local', 0],
    ]);
    // And nobody who still thinks that there is one group touches it.
    await expect(observeFleet(rolling)).rejects.toMatchObject({ code: 'fleet.two-groups' });
  }, 60_000);
});

describe('a blue/green fleet', () => {
  it('gets its validation route back when a run crashed while the route led to a fleet group', async () => {
    world = await Simulated.create([strategy as [string, string]]);
    await world.run(await planRelease(world.services, world.clock, {}));
    const { facts } = await observeFleet(world.services);
    const validation = async () =>
      (await readRoutes(world?.aws.elb as Simulated['aws']['elb'], facts.listenerArn)).find((route) => route.header);
    const route = await validation();
    if (!route || !facts.idle) throw new Error('the fleet has no validation route or no second group');
    await setWeights(world.aws.elb, route, [{ targetGroupArn: facts.idle.targetGroupArn, weight: 1 }]);
    const result = await world.run(await planRelease(world.services, world.clock, {}));
    expect(result.error).toBeUndefined();
    expect((await validation())?.weights).toEqual([
      expect.objectContaining({ targetGroupArn: facts.validationTargetGroupArn }),
    ]);
  }, 60_000);

  it('undoes a traffic shift on Ctrl-C', async () => {
    world = await Simulated.create([strategy as [string, string]]);
    const { services, clock } = world;
    await world.run(await planRelease(services, clock, {}));
    const interrupt = new AbortController();
    afterWeights(world, () => interrupt.abort(new Error('interrupted')));
    const result = await world.run(await planRelease(services, clock, {}), { signal: interrupt.signal });
    expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(await readStatus(services)).toMatchObject({
      version: 'v1',
      healthy: 4,
      traffic: [{ version: 'v1', share: 1 }],
    });
    expect((await readGroup(world.aws.autoScaling, 'api-local-green')).instances).toEqual([]);
  }, 60_000);

  it('continues a traffic shift whose process crashed', async () => {
    world = await Simulated.create([strategy as [string, string]]);
    const { services, clock } = world;
    await world.run(await planRelease(services, clock, {}));
    const plan = await planRelease(services, clock, {});
    const runId = createRunId(clock);
    const death = new AbortController();
    afterWeights(world, () => death.abort(new Error('the process is gone')));
    // The end of the journal is not written by a process that has died.
    const { ledger } = services;
    const append = ledger.appendJournal.bind(ledger);
    ledger.appendJournal = async (...args) => {
      if (death.signal.aborted) throw new Error('the process is gone');
      return append(...args);
    };
    await world.run(plan, { lost: death.signal, runId });
    ledger.appendJournal = append;
    expect((await readStatus(services)).groups.map((group) => group.share)).toEqual([0.95, 0.05]);
    const result = await world.run(plan, { runId });
    expect(result.error).toBeUndefined();
    expect(await readStatus(services)).toMatchObject({
      version: 'v2',
      healthy: 4,
      traffic: [{ version: 'v2', share: 1 }],
    });
  }, 60_000);

  it('that has grown during the verify window is rolled back at that size, with the minimum that it had', async () => {
    world = await Simulated.create([strategy as [string, string]]);
    const { services, clock, aws } = world;
    await world.run(await planRelease(services, clock, {}));
    await setCapacity(aws.autoScaling, 'api-local', { min: 2 });
    let broken = false;
    world.answers.to = (_url, headers) =>
      broken && headers?.['x-golden-validation'] !== 'on' ? { status: 500, body: 'broken' } : everyVersion();
    const plan = await planRelease(services, clock, {});
    const steps = plan.steps.map((step) =>
      step.id === 'verify'
        ? {
            ...step,
            run: async (context: Parameters<typeof step.run>[0]) => {
              await setCapacity(aws.autoScaling, 'api-local-green', { desired: 6 });
              broken = true;
              await step.run(context);
            },
          }
        : step,
    );
    const result = await world.run({ ...plan, steps });
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'verify.failed' } });
    expect(await readGroup(aws.autoScaling, 'api-local')).toMatchObject({ min: 2, desired: 6 });
    expect(await readGroup(aws.autoScaling, 'api-local-green')).toMatchObject({ min: 0, desired: 0, instances: [] });
    expect(await readStatus(services)).toMatchObject({
      version: 'v1',
      healthy: 6,
      traffic: [{ version: 'v1', share: 1 }],
    });
  }, 60_000);
});
