import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DescribeInstancesCommand, DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DemoProject } from '../../examples/demo/project.ts';
import { type AwsClients, createClients } from '../../src/aws/clients.ts';
import { readGroup, setCapacity, setTemplate } from '../../src/aws/groups.ts';
import { listImages } from '../../src/aws/images.ts';
import { provisionFleets } from '../../src/cli/local-fleets.ts';
import { loadFleet } from '../../src/config/load.ts';
import type { Fleet } from '../../src/config/settings.ts';
import type { Hosts } from '../../src/hosts/types.ts';
import { createFileLedger } from '../../src/ledger/ledger.ts';
import { type LocalCloud, startLocalCloud } from '../../src/local-cloud/daemon/cloud.ts';
import { planRollback } from '../../src/operations/fast-rollback.ts';
import { readStatus } from '../../src/operations/read-status.ts';
import { planRelease } from '../../src/operations/release.ts';
import { execute } from '../../src/run/execute.ts';
import { createRunId } from '../../src/run/run-id.ts';
import type { Plan, Step } from '../../src/run/step.ts';
import { PipelineError } from '../../src/shared/errors.ts';
import type { Services } from '../../src/steps/services.ts';
import { steadyClock } from '../support/steady-clock.ts';

// Simulated machines on a clock that runs faster: every delay is there, none is waited for in full.
const clock = steadyClock(20);
const root = path.resolve(import.meta.dirname, '../..');

let dir: string;
let cloud: LocalCloud;
let aws: AwsClients;
let fleet: Fleet;
let services: Services;
/** Plays so far, `action instance`. */
let plays: string[] = [];
/** What the probe is answered. */
let answer: (headers: Record<string, string> | undefined) => { status: number; body: string };

const hosts: Hosts = {
  waitReachable: async () => undefined,
  forget: async () => undefined,
  play: async (host, _playbook, variables) => {
    plays.push(`${variables.release_action} ${host.instanceId}`);
  },
  run: async () => '',
  close: async () => undefined,
};

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-undo-'));
  const project = await DemoProject.create(root, path.join(dir, 'project'));
  cloud = await startLocalCloud({ dir: path.join(dir, 'cloud'), driver: 'simulated', clock });
  aws = createClients({ region: cloud.region, endpoint: cloud.endpoint, credentials: cloud.credentials });
  await provisionFleets({
    projectDir: project.dir,
    cloud: { endpoint: cloud.endpoint, region: cloud.region, ...cloud.credentials },
    note: () => undefined,
  });
  fleet = await loadFleet({ projectDir: project.dir, app: 'api', environment: 'local' });
  services = {
    fleet,
    aws,
    hosts,
    ledger: createFileLedger({
      dir: path.join(dir, 'ledger'),
      environment: 'local',
      clock,
      identity: { owner: 'tester', host: 'here' },
    }),
    // With the header's other value a request reaches the fleet, as without it.
    probe: async (_url, { headers }) => ({
      ...answer(headers?.['x-golden-proof'] === 'on' ? headers : undefined),
      ms: 1,
    }),
    workDir: dir,
    by: 'tester@here',
  };
  answer = serving;
  const first = await run(await planRelease(services, clock, {}));
  expect(first.error).toBeUndefined();
  expect(first.outcome).toBe('done');
}, 60_000);

afterAll(async () => {
  await cloud?.close();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(() => {
  plays = [];
  answer = serving;
});

/** Every version at once: which one serves is not what these tests are about. */
const serving = () => ({
  status: 200,
  body: Array.from({ length: 50 }, (_, index) => `"version":"v${index}"`).join(','),
});

/** Runs a plan to its end, keeping its journal in the ledger. */
function run<State>(plan: Plan<Services, State>, signal = new AbortController().signal) {
  return execute(plan, {
    services,
    clock,
    sink: () => undefined,
    journal: services.ledger,
    runId: createRunId(clock),
    signal,
  });
}

/** Everything about the fleet that a failed run must leave as it was. */
async function fleetAsItIs() {
  const [group, status, images, { Reservations }, { LaunchTemplates }] = await Promise.all([
    readGroup(aws.autoScaling, fleet.names.group),
    readStatus(services),
    listImages(aws.ec2, 'api', 'local'),
    aws.ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }] }),
    ),
    aws.ec2.send(new DescribeLaunchTemplatesCommand({})),
  ]);
  const { min, max, desired, suspended, launchTemplate } = group;
  return {
    group: { min, max, desired, suspended, launchTemplate },
    serving: status.instances.map(({ version, lifecycle, health }) => `${version} ${lifecycle} ${health}`),
    images: images.map((image) => image.name),
    machines: (Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []).length,
    defaultVersion: LaunchTemplates?.[0]?.DefaultVersionNumber,
    latestVersion: LaunchTemplates?.[0]?.LatestVersionNumber,
  };
}

/** The same plan, with a step that fails as soon as it has done its work. */
function failingAfter<State>(plan: Plan<Services, State>, id: string): Plan<Services, State> {
  const failing = (step: Step<Services, State>): Step<Services, State> => ({
    ...step,
    run: async (context) => {
      await step.run(context);
      throw new PipelineError('test.broken', `broken on purpose after ${id}`);
    },
  });
  return { ...plan, steps: plan.steps.map((step) => (step.id === id ? failing(step) : step)) };
}

describe('a run that fails after any step leaves the fleet as it was', () => {
  it.each(['preflight', 'stage', 'detach', 'bake', 'prove', 'roll', 'verify'])(
    'release, on a host: %s',
    async (id) => {
      const before = await fleetAsItIs();
      const plan = await planRelease(services, clock, {});
      expect(plan.steps.map((step) => step.id)).toContain('detach');
      const result = await run(failingAfter(plan, id));
      expect(result.left).toEqual([]);
      expect(result.outcome).toBe('rolled-back');
      expect(await fleetAsItIs()).toEqual(before);
      // What was activated on a host that still lives is reverted there.
      const activated = plays.find((play) => play.startsWith('activate'))?.split(' ')[1];
      if (activated && ['bake', 'prove'].includes(id)) expect(plays).toContain(`revert ${activated}`);
    },
    30_000,
  );

  it.each(['builder', 'stage', 'bake', 'prove', 'roll'])(
    'release, on a builder: %s',
    async (id) => {
      const before = await fleetAsItIs();
      const result = await run(failingAfter(await planRelease(services, clock, { bake: 'builder' }), id));
      expect(result).toMatchObject({ outcome: 'rolled-back', left: [] });
      expect(await fleetAsItIs()).toEqual(before);
    },
    30_000,
  );
});

describe('what the steps themselves find', () => {
  it('a proof instance that answers wrongly: the fleet is never touched', async () => {
    const before = await fleetAsItIs();
    answer = (headers) => (headers ? { status: 200, body: 'something else' } : serving());
    const result = await run(await planRelease(services, clock, {}));
    expect(result.outcome).toBe('rolled-back');
    expect(result.error).toMatchObject({ code: 'prove.smoke' });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);

  it('a fleet that answers wrongly in the verify window rolls back by itself', async () => {
    const before = await fleetAsItIs();
    answer = (headers) => (headers ? serving() : { status: 500, body: '' });
    const result = await run(await planRelease(services, clock, {}));
    expect(result.outcome).toBe('rolled-back');
    expect(result.error).toMatchObject({
      code: 'verify.failed',
      details: expect.arrayContaining([expect.stringContaining('500')]),
    });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);

  it('Ctrl-C while the image is baked: undone, and said so', async () => {
    const before = await fleetAsItIs();
    const plan = await planRelease(services, clock, {});
    const interrupt = new AbortController();
    const play = hosts.play;
    hosts.play = async (...args) => {
      await play(...args);
      if (args[2].release_action === 'clean') interrupt.abort(new Error('interrupted'));
    };
    try {
      const result = await run(plan, interrupt.signal);
      expect(result).toMatchObject({ outcome: 'interrupted', left: [] });
    } finally {
      hosts.play = play;
    }
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);
});

describe('forward and back', () => {
  it('releases, goes back, and refuses what it must', async () => {
    const release = await run(await planRelease(services, clock, {}));
    expect(release.outcome).toBe('done');
    const { version } = release.state;
    await expect(planRollback(services, clock, { version, force: false })).rejects.toMatchObject({
      code: 'rollback.same-version',
    });
    const failed = (await services.ledger.releases('api')).find((one) => one.state === 'failed');
    await expect(planRollback(services, clock, { version: failed?.version, force: false })).rejects.toMatchObject({
      code: 'rollback.not-known-good',
    });
    const back = await run(await planRollback(services, clock, { force: false }));
    expect(back.outcome).toBe('done');
    expect(back.state.version).toBe('v1');
    expect((await readStatus(services)).instances.map((instance) => instance.version)).toEqual(Array(4).fill('v1'));
  }, 30_000);

  it('a group as the infrastructure leaves it gets a number to go back to, and its minimum', async () => {
    const { group } = fleet.names;
    const { version: serving } = (await readGroup(aws.autoScaling, group)).launchTemplate;
    const id = (await readGroup(aws.autoScaling, group)).launchTemplate.id;
    await setTemplate(aws.autoScaling, group, { id, version: '$Default' });
    await setCapacity(aws.autoScaling, group, { min: 0 });
    const result = await run(await planRelease(services, clock, {}));
    expect(result.error).toBeUndefined();
    const after = await readGroup(aws.autoScaling, group);
    expect(Number(after.launchTemplate.version)).toBeGreaterThan(Number(serving));
    expect(after).toMatchObject({ min: fleet.capacity.min, desired: 4 });
  }, 30_000);

  it('Ctrl-C after the verify window takes nothing back', async () => {
    const plan = await planRelease(services, clock, {});
    const interrupt = new AbortController();
    const stop = (step: (typeof plan.steps)[number]) => ({
      ...step,
      run: async () => interrupt.abort(new Error('interrupted')),
    });
    const steps = plan.steps.map((step) => (step.id === 'retain' ? stop(step) : step));
    const result = await run({ ...plan, steps }, interrupt.signal);
    expect(result).toMatchObject({ outcome: 'interrupted', left: [] });
    expect((await readStatus(services)).version).toBe(result.state.version);
    expect(await services.ledger.release('api', result.state.version)).toMatchObject({
      knownGood: true,
      state: 'released',
    });
  }, 30_000);
});

describe('what cannot be undone', () => {
  it('is named, the rest is still undone: a person is needed', async () => {
    const before = await fleetAsItIs();
    const fault = cloud.faults.add({ kind: 'error', operation: 'DeregisterImage', code: 'UnauthorizedOperation' });
    const result = await run(failingAfter(await planRelease(services, clock, {}), 'prove'));
    cloud.faults.clear(fault.id);
    expect(result.outcome).toBe('needs-person');
    expect(result.left.join('\n')).toMatch(/^Bake the golden image: DeregisterImage failed/);
    const after = await fleetAsItIs();
    expect({ ...after, images: before.images }).toEqual(before);
    expect(after.images).toHaveLength(before.images.length + 1);
  }, 30_000);
});
