import path from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { readInstance } from '../../src/aws/instances.ts';
import { findInterruptedRun } from '../../src/ledger/interrupted-runs.ts';
import { planRelease, type ReleaseOptions } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { readImages } from '../../src/retention/read-images.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { undoPlanOf } from '../runner/support/undo-plan-of.ts';
import { die } from '../support/dying.ts';
import { failingAfter, firstRelease, Simulated } from '../support/simulated.ts';
import { foreignTask, standardPlaybook } from '../support/simulated-hosts.ts';

let world: Simulated;
let before: Awaited<ReturnType<typeof fleetAsItIs>>;

beforeAll(async () => {
  world = await Simulated.create([
    ["ansible: { playbook: 'ansible/api.yml' }", "ansible: { playbook: 'ansible/api.yml', kind: 'plain' }"],
  ]);
  world.playbook.plays[0]?.tasks.splice(0, 9, foreignTask);
  const first = await world.run(await plan());
  expect(first.error).toBeUndefined();
}, 60_000);
beforeEach(async () => {
  before = await fleetAsItIs();
  world.plays.length = 0;
  world.notes.length = 0;
});
afterEach(() => world.skipped.clear());
afterAll(() => world?.close());

async function fleetAsItIs() {
  const { min, max, desired, suspended, launchTemplate } = await readGroup(
    world.aws.autoScaling,
    world.fleet.names.group,
  );
  const images = await readImages(world.services, world.clock.now());
  const good = images.filter((image) => image.knownGood).map((image) => image.version);
  return { serving: await world.serving(), group: { min, max, desired, suspended, launchTemplate }, good };
}

const imageNames = async () => (await readImages(world.services, world.clock.now())).map((image) => image.version);
const plan = (options: ReleaseOptions = {}) => planRelease(world.services, world.clock, options);
/** The instance that the playbook ran on. */
const built = () => world.plays.find((play) => play.startsWith('run'))?.split(' ')[1] ?? '';
const members = async () => (await readStatus(world.services)).instances.map((one) => one.id);

async function expectEnded(id: string): Promise<void> {
  expect(id).toMatch(/^i-/);
  expect(await members()).not.toContain(id);
  const instance = await readInstance(world.aws.ec2, id);
  expect(instance === undefined || ['shutting-down', 'terminated'].includes(instance.state)).toBe(true);
}

describe('a release by a plain playbook', () => {
  it('takes the instance out of the load balancer before the playbook runs on it', async () => {
    const { steps } = await plan();
    const ids = ['preflight', 'detach', 'stage', 'bake', 'validate', 'return-instance'];
    expect(steps.map((step) => step.id).slice(0, 6)).toEqual(ids);
    const { steps: onBuilder } = await plan({ bake: 'builder' });
    expect(onBuilder.map((step) => step.id).slice(0, 5)).toEqual([
      'preflight',
      'boot-builder',
      'stage',
      'bake',
      'validate',
    ]);
  });

  it('refuses one that applies the release role', async () => {
    const { hosts } = world.services;
    const { inspect } = hosts;
    hosts.inspect = async () => standardPlaybook();
    try {
      await expect(plan()).rejects.toMatchObject({ code: 'ansible.not-plain', outcome: 'usage' });
    } finally {
      hosts.inspect = inspect;
    }
  });

  it('runs it while the instance is in Standby, and never runs the release role', async () => {
    const { hosts } = world.services;
    const { play } = hosts;
    const lifecycles: (string | undefined)[] = [];
    hosts.play = async (host, playbook, variables, options) => {
      const { instances } = await readGroup(world.aws.autoScaling, world.fleet.names.group);
      lifecycles.push(instances.find((one) => one.id === host.instanceId)?.lifecycle);
      return play(host, playbook, variables, options);
    };
    try {
      const result = await world.run(await plan());
      expect(result).toMatchObject({ outcome: 'done', state: { kind: 'plain' } });
      const host = built();
      expect(world.plays).toEqual([`source ${host}`, `run ${host}`, `clean ${host}`]);
      expect(lifecycles).toEqual(['Standby', 'Standby', 'Standby']);
      expect((await fleetAsItIs()).good).toContain(result.state.version);
    } finally {
      hosts.play = play;
    }
  }, 60_000);

  it('gives it the source, the commit and the version, and no action', async () => {
    const { hosts } = world.services;
    const { play } = hosts;
    const given: Record<string, unknown>[] = [];
    hosts.play = async (host, playbook, variables, options) => {
      given.push(variables);
      return play(host, playbook, variables, options);
    };
    try {
      const { state } = await world.run(failingAfter(await plan({ bake: 'builder' }), 'stage'));
      expect(given[1]).toMatchObject({
        release_app: 'api',
        release_version: state.version,
        release_commit: state.commit,
        release_source: '/srv/api/source',
        release_port: 3000,
        release_health_path: '/health',
      });
      expect(given[1]).not.toHaveProperty('release_action');
      expect(given[1]).not.toHaveProperty('release_archive');
    } finally {
      hosts.play = play;
    }
  }, 60_000);
});

describe('a vault password file', () => {
  afterEach(() => {
    delete world.fleet.ansible.vaultPasswordFile;
  });

  it('that is part of the commit is refused: it would be in every image', async () => {
    world.fleet.ansible.vaultPasswordFile = path.join(world.project.dir, 'examples/api/config.json');
    await expect(plan()).rejects.toMatchObject({
      code: 'ansible.vault-password',
      outcome: 'usage',
      message: expect.stringContaining('is part of commit'),
    });
  });

  it.each(['.vault-password', 'examples/api/.vault-password', '../elsewhere'])(
    'at %s is not part of the commit',
    async (file) => {
      world.fleet.ansible.vaultPasswordFile = path.join(world.project.dir, file);
      await expect(plan()).resolves.toBeDefined();
    },
  );
});

describe('a plain playbook that succeeds without any effect', () => {
  it.each(['detach', 'builder'] as const)(
    'is not released (%s): the service must show the version before there is an image',
    async (bake) => {
      world.skipped.add('run');
      const images = await imageNames();
      const result = await world.run(await plan({ bake }));
      expect(result).toMatchObject({
        outcome: 'rolled-back',
        leftovers: [],
        error: {
          code: 'ansible.not-applied',
          message: expect.stringMatching(
            /api\.yml finished without an error, but the service on i-\w+ does not show v\d+: \/version answers/,
          ),
        },
      });
      await expectEnded(built());
      expect(await fleetAsItIs()).toEqual(before);
      expect(await imageNames()).toEqual(images);
    },
    60_000,
  );

  it('fails with the last answer when the service is not healthy', async () => {
    const { hosts } = world.services;
    const { run } = hosts;
    hosts.run = async (host, argv, options) =>
      argv.includes('-c')
        ? JSON.stringify({ kind: 'down', problem: '/health on port 3000: Connection refused' })
        : run(host, argv, options);
    try {
      const result = await world.run(await plan());
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'host.unhealthy' } });
      expect((result.error as PipelineError).message).toContain('/health on port 3000: Connection refused');
    } finally {
      hosts.run = run;
    }
    await expectEnded(built());
    expect(await fleetAsItIs()).toEqual(before);
  }, 60_000);

  it('cannot cause the bake of an instance that another run has built', async () => {
    const { hosts } = world.services;
    const { run } = hosts;
    const played = () => world.plays.some((play) => play.startsWith('run '));
    hosts.run = async (host, argv, options) =>
      argv.at(-1)?.endsWith('plain-release.json') && played()
        ? '{"app":"api","version":"v0"}'
        : run(host, argv, options);
    try {
      const result = await world.run(await plan());
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'ansible.not-applied' } });
    } finally {
      hosts.run = run;
    }
    expect(world.plays.some((play) => play.startsWith('clean'))).toBe(false);
    expect(await fleetAsItIs()).toEqual(before);
  }, 60_000);
});

describe('a release by a plain playbook that fails', () => {
  it.each(['detach', 'stage', 'bake', 'validate', 'return-instance', 'roll'])(
    'after %s leaves the fleet as it was',
    async (id) => {
      const result = await world.run(failingAfter(await plan(), id));
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
      // Before the playbook the host is what it was.
      if (id !== 'detach') await expectEnded(built());
      expect(await fleetAsItIs()).toEqual(before);
      expect(world.plays.filter((play) => /revert|unstage/.test(play))).toEqual([]);
    },
    60_000,
  );

  it('in the playbook terminates the instance, which does not return from Standby', async () => {
    const { hosts } = world.services;
    const { play } = hosts;
    hosts.play = async (host, playbook, variables, options) => {
      await play(host, playbook, variables, options);
      if (variables.plain_action === undefined) throw new PipelineError('ansible.failed', 'no package matches');
    };
    try {
      const result = await world.run(await plan());
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { message: 'no package matches' } });
    } finally {
      hosts.play = play;
    }
    await expectEnded(built());
    expect(await fleetAsItIs()).toEqual(before);
  }, 60_000);

  it.each([
    { at: 'unpack-source', how: 'made' },
    { at: 'run-playbook', how: 'intended' },
    { at: 'run-playbook', how: 'made' },
    { at: 'record-release', how: 'made' },
    { at: 'clean-host', how: 'made' },
    { at: 'create-image', how: 'made' },
  ] as const)(
    'and whose process crashes with $at $how is undone from its journal',
    async (death) => {
      await die(world, await plan(), death);
      const crashed = await findInterruptedRun(world.services, 'api');
      const undo = crashed && (await undoPlanOf(world, crashed));
      if (!undo || !crashed) throw new Error('there is nothing to undo');
      const result = await world.run(undo, { signal: AbortSignal.abort(), runId: crashed.id });
      expect(result.leftovers).toEqual([]);
      await world.services.ledger.saveRun({
        ...crashed,
        outcome: 'rolled-back',
        finishedAt: new Date(world.clock.now()).toISOString(),
      });
      await expectEnded(
        (result.state as Partial<ReleaseState>).host?.instanceId ?? world.plays[0]?.split(' ')[1] ?? '',
      );
      expect(await fleetAsItIs()).toEqual(before);
    },
    60_000,
  );

  it.each(['run-playbook', 'create-image'] as const)(
    'and whose process crashes before %s is completed by another one',
    async (at) => {
      const crashed = await die(world, await plan(), { at, how: 'intended' });
      const host = built() || world.plays[0]?.split(' ')[1];
      world.plays.length = 0;
      const result = await world.run(await plan(), { runId: crashed.id });
      expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
      // What is clean lets nobody in any more.
      expect(world.plays).toEqual(at === 'create-image' ? [] : [`source ${host}`, `run ${host}`, `clean ${host}`]);
      const finishedAt = new Date(world.clock.now()).toISOString();
      await world.services.ledger.saveRun({ ...crashed, outcome: 'done', finishedAt });
    },
    60_000,
  );
});

describe('a rollback of an app with a plain playbook', () => {
  it('is rolling, and the reason is printed', async () => {
    const planned = await planRollback(world.services, world.clock, { force: false });
    expect(planned.initial.method).toBe('rolling');
    expect(planned.initial.rejected).toContain(
      'in-place: the playbook of api is plain, so its hosts hold no other environment to switch to',
    );
    const asked = planRollback(world.services, world.clock, { force: false, method: 'in-place' });
    await expect(asked).rejects.toMatchObject({
      code: 'rollback.method-unavailable',
      message:
        'method in-place is not available: the playbook of api is plain, so its hosts hold no other environment to switch to',
      fix: expect.stringContaining('--method rolling'),
    });
    const result = await world.run(planned);
    expect(result.outcome).toBe('done');
  }, 60_000);
});

it('the bake instance of a blue/green plain playbook is terminated once the image is validated, and the old group is complete', async () => {
  const green = await Simulated.create([
    ["'ansible/api.yml' }", "'ansible/api.yml', kind: 'plain' }"],
    ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,"],
  ]);
  try {
    green.playbook.plays[0]?.tasks.splice(0, 9, foreignTask);
    const release = async () => green.run(await planRelease(green.services, green.clock, {}));
    expect(await release()).toMatchObject({ outcome: 'done' });
    green.plays.length = 0;
    const result = await green.run(failingAfter(await planRelease(green.services, green.clock, {}), 'return-instance'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    const host = green.plays[0]?.split(' ')[1];
    const { instances } = await readStatus(green.services);
    expect(instances.map((one) => one.id)).not.toContain(host);
    expect(await green.serving()).toEqual(firstRelease);
    expect(await release()).toMatchObject({ outcome: 'done' });
    expect((await green.serving()).filter((one) => !one.startsWith('v1 '))).toHaveLength(4);
  } finally {
    await green.close();
  }
}, 60_000);
