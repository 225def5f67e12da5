import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { RunRecord } from '../../src/ledger/types.ts';
import { planRelease, type ReleaseOptions } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { readStatus } from '../../src/status/read.ts';
import { undoPlanOf } from '../runner/support/undo-plan-of.ts';
import { die } from '../support/dying.ts';
import { everyVersion, failingAfter, firstRelease, Simulated } from '../support/simulated.ts';
import { foreignChange, foreignTask } from '../support/simulated-hosts.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
beforeEach(() => {
  world.plays.length = 0;
  world.notes.length = 0;
  world.answers.to = everyVersion;
  world.playbook.plays[0]?.tasks.splice(2);
  world.playbook.plays[0]?.tasks.push(foreignTask);
  for (const action of ['stage', 'activate', 'revert', 'unstage'] as const) delete world.changes[action];
});
afterAll(() => world?.close());

const plan = (options: ReleaseOptions = {}) => planRelease(world.services, world.clock, options);
const group = async () => {
  const { min, max, desired, suspended, launchTemplate } = await readGroup(
    world.aws.autoScaling,
    world.fleet.names.group,
  );
  return { min, max, desired, suspended, launchTemplate };
};

describe('a playbook with tasks of another role', () => {
  it('is planned to detach first, and the plan says why', async () => {
    const { steps, described, initial } = await plan();
    expect(steps.map((step) => step.id).slice(0, 6)).toEqual([
      ...['preflight', 'detach', 'stage', 'bake', 'validate', 'return-instance'],
    ]);
    const reason =
      'role nginx: 1 task: "Write the site" (ansible.builtin.template) (ansible/roles/nginx/tasks/main.yml:1)';
    expect(initial.detachFirst).toEqual([reason]);
    expect(described.detach).toContain(`  ${reason}`);
    expect(described.stage?.[0]).toContain('to the host, which is out of the load balancer');
  });

  it('changes nothing about a builder, which never serves', async () => {
    const { steps, initial } = await plan({ bake: 'builder' });
    expect(steps.map((step) => step.id).slice(0, 5)).toEqual([
      'preflight',
      'boot-builder',
      'stage',
      'bake',
      'validate',
    ]);
    expect(initial.detachFirst).toBeUndefined();
  });

  it('runs only on an instance in Standby, which returns before the roll', async () => {
    const { hosts, aws } = world.services;
    const { play } = hosts;
    const during: string[] = [];
    hosts.play = async (host, playbook, variables, options) => {
      const { instances } = await readGroup(aws.autoScaling, world.fleet.names.group);
      during.push(`${variables.release_action} ${instances.find((one) => one.id === host.instanceId)?.lifecycle}`);
      return play(host, playbook, variables, options);
    };
    const before = await group();
    try {
      expect((await world.run(failingAfter(await plan(), 'return-instance'))).outcome).toBe('rolled-back');
    } finally {
      hosts.play = play;
    }
    expect(during).toEqual(['stage Standby', 'activate Standby', 'clean Standby', 'revert Standby', 'unstage Standby']);
    expect(await group()).toEqual(before);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it.each(['preflight', 'detach', 'stage', 'bake', 'validate', 'return-instance', 'roll'])(
    'leaves the fleet as it was when the release fails after %s',
    async (id) => {
      const before = await group();
      const result = await world.run(failingAfter(await plan(), id));
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
      expect((result.state as ReleaseState).detached ?? null).toBeNull();
      expect(await group()).toEqual(before);
      expect(await world.serving()).toEqual(firstRelease);
      const { instances } = await readStatus(world.services);
      expect(instances).toHaveLength(4);
    },
    60_000,
  );
});

/** The host that plays of the last release were about, and whether it is still there. */
async function bakeInstance(): Promise<{ id: string; there: boolean }> {
  const id = world.plays[0]?.split(' ')[1] ?? '';
  const { instances } = await readStatus(world.services);
  return { id, there: instances.some((one) => one.id === id) };
}

describe('an instance that plays have changed outside of the release folder', () => {
  it.each(['stage', 'bake', 'validate', 'return-instance', 'roll'])(
    'is terminated when the release fails after %s, and the group is complete again',
    async (id) => {
      world.changes.stage = [foreignChange];
      const before = await group();
      const result = await world.run(failingAfter(await plan(), id));
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
      expect((await bakeInstance()).there).toBe(false);
      expect(await group()).toEqual(before);
      expect(await world.serving()).toEqual(firstRelease);
      // Nothing more is played on it.
      expect(world.plays.join()).not.toMatch(/revert|unstage/);
      if (id === 'stage') {
        expect(world.notes.join('\n')).toMatch(
          /plays of v\d+ have changed i-\w+ itself \(stage: "nginx : Write the site" \(ansible.builtin.template\) at \/etc\/nginx\/conf.d\/site.conf\): it is terminated/,
        );
      }
    },
    60_000,
  );

  it.each(['revert', 'unstage'] as const)(
    'is terminated also when only the play of %s changes it',
    async (action) => {
      world.changes[action] = [foreignChange];
      const result = await world.run(failingAfter(await plan(), 'bake'));
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
      expect((await bakeInstance()).there).toBe(false);
      expect(await world.serving()).toEqual(firstRelease);
    },
    60_000,
  );

  it.each([
    ['a task that fails', { ...foreignChange, how: 'failed' as const }],
    ['a task that has not finished', { ...foreignChange, how: 'unfinished' as const }],
    ['a module that names no file', { ...foreignChange, module: 'ansible.builtin.service', paths: [] }],
    ['a path that leads out of the folder', { ...foreignChange, paths: ['/srv/api/releases/v1/../../shared/x'] }],
    [
      'a role of the pipeline that installs',
      { task: 'Install Node', module: 'ansible.builtin.apt', role: 'node', paths: [], how: 'changed' as const },
    ],
    ['a plugin without a report', { task: 'all of it', paths: [], how: 'unfinished' as const }],
  ])(
    'is recognized by %s',
    async (_what, change) => {
      world.changes.stage = [change];
      await world.run(failingAfter(await plan(), 'stage'));
      expect((await bakeInstance()).there).toBe(false);
    },
    60_000,
  );

  it('is returned when the change is in that folder, is of the release role or is empty', async () => {
    const { initial } = await plan();
    const { role, folder } = world.playbook.plays[0]?.tasks[1] ?? {};
    world.changes.stage = [
      { ...foreignChange, paths: [`/srv/api/releases/${initial.version}/config.json`] },
      { task: 'release : Build', module: 'ansible.builtin.command', role, folder, paths: [], how: 'failed' },
      { task: 'Gathering Facts', module: 'ansible.builtin.setup', paths: [], how: 'unfinished' },
    ];
    const result = await world.run(failingAfter(await plan(), 'bake'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(result.state.changedOutside).toBeUndefined();
    expect((await bakeInstance()).there).toBe(true);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('does not include one that tasks of the release role alone have switched', async () => {
    world.switches.add('stage');
    const result = await world.run(failingAfter(await plan(), 'stage'));
    world.switches.clear();
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    const { id, there } = await bakeInstance();
    expect(there).toBe(false);
    expect(world.notes.join('\n')).toContain(`a play has switched ${id} to ${result.state.version}: it is terminated`);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('stays marked as changed when a repetition of the play changes nothing', async () => {
    world.changes.stage = [foreignChange];
    const first = await plan();
    const crashed = await die(world, first, { at: 'stage-environment', how: 'made' });
    delete world.changes.stage;
    const result = await world.run(failingAfter(first, 'stage'), { runId: crashed.id });
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect((await bakeInstance()).there).toBe(false);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);
});

describe('a crashed run that detaches first', () => {
  const abort = async (id: string) => {
    const { services, clock } = world;
    const [record] = (await services.ledger.runs('api', 50)).filter((one) => one.id === id);
    const undo = await undoPlanOf({ services, clock }, record as RunRecord);
    if (!undo) throw new Error('there is nothing to undo');
    return world.run(undo, { runId: id, signal: AbortSignal.abort(new Error('abort')) });
  };

  it.each([
    ['enter-standby', 'made', true],
    ['stage-environment', 'intended', true],
    ['stage-environment', 'made', false],
    ['activate-environment', 'made', false],
    ['create-image', 'made', false],
  ] as const)(
    'at %s (%s) is undone by another process, which knows whether the instance may return',
    async (at, how, there) => {
      world.changes.stage = [foreignChange];
      const before = await group();
      const crashed = await die(world, await plan(), { at, how });
      const target = (await world.services.ledger.journal(crashed.id)).length > 0 && world.plays[0]?.split(' ')[1];
      expect(await abort(crashed.id)).toMatchObject({ leftovers: [] });
      expect(await group()).toEqual(before);
      expect(await world.serving()).toEqual(firstRelease);
      if (target) expect((await bakeInstance()).there).toBe(there);
    },
    60_000,
  );

  it('in the middle of a play counts as having changed the instance', async () => {
    const { hosts, ledger } = world.services;
    const { play } = hosts;
    const { appendJournal } = ledger;
    const lost = new AbortController();
    hosts.play = async (host, _playbook, { release_action }) => {
      world.plays.push(`${release_action} ${host.instanceId}`);
      lost.abort(new Error('its process died'));
      ledger.appendJournal = () => Promise.reject(new Error('its process died'));
      throw new Error('killed');
    };
    const id = createRunId(world.clock);
    const first = await plan();
    await ledger.saveRun({
      ...{
        id,
        operation: 'release',
        app: 'api',
        environment: 'local',
        by: 'ann',
        host: 'h',
        command: 'pipeline release api',
        steps: [],
      },
      startedAt: new Date(world.clock.now()).toISOString(),
    });
    try {
      await world.run(first, { runId: id, lost: lost.signal }).catch(() => undefined);
    } finally {
      Object.assign(hosts, { play });
      Object.assign(ledger, { appendJournal });
    }
    expect(await abort(id)).toMatchObject({ leftovers: [] });
    expect((await bakeInstance()).there).toBe(false);
    expect(world.plays).toHaveLength(1);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it.each(['detach', 'stage', 'bake', 'validate'])(
    'after %s is continued by another process',
    async (at) => {
      world.changes.stage = [foreignChange];
      const first = await plan();
      const before = await group();
      const crashed = await die(world, first, { at, how: 'finished' });
      const result = await world.run(failingAfter(first, 'return-instance'), { runId: crashed.id });
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
      expect((await bakeInstance()).there).toBe(false);
      expect(await group()).toEqual(before);
      expect(await world.serving()).toEqual(firstRelease);
    },
    60_000,
  );
});

describe('a playbook that was analyzed to contain roles of the pipeline only', () => {
  beforeEach(() => {
    world.playbook.plays[0]?.tasks.splice(2);
  });

  /** As of a run that began before the commit of the project was kept. */
  const planFromWorkTree = async () => {
    const planned = await plan();
    const { project: _project, installers: _installers, ...initial } = planned.initial;
    return { ...planned, initial };
  };

  it('and changes the instance nevertheless causes its termination when the release fails', async () => {
    const planned = await plan();
    expect(planned.initial.detachFirst).toBeUndefined();
    world.changes.stage = [foreignChange];
    const before = await group();
    const result = await world.run(failingAfter(planned, 'stage'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect((await bakeInstance()).there).toBe(false);
    expect(await group()).toEqual(before);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('is that of the commit of the plan, also when it is edited meanwhile', async () => {
    const planned = await plan();
    world.playbook.plays[0]?.tasks.push(foreignTask);
    expect(await world.run(failingAfter(planned, 'stage'))).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(world.plays.map((play) => play.split(' ')[0])).toEqual(['stage', 'unstage']);
  }, 60_000);

  it('of the work tree does not run on an instance that serves once it has been edited', async () => {
    const planned = await planFromWorkTree();
    world.playbook.plays[0]?.tasks.push(foreignTask);
    const result = await world.run(planned);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      error: { code: 'ansible.changes-host', details: [expect.stringContaining('role nginx')] },
    });
    expect(world.plays).toEqual([]);
  }, 60_000);

  it('of the work tree does not undo a stage once it has been edited: the instance is terminated', async () => {
    const planned = await planFromWorkTree();
    const steps = planned.steps.map((step) => {
      if (step.id !== 'detach') return step;
      const run = async () => {
        world.playbook.plays[0]?.tasks.push(foreignTask);
        throw new Error('broken');
      };
      return { ...step, run };
    });
    const result = await world.run({ ...planned, steps });
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(world.plays.map((play) => play.split(' ')[0])).toEqual(['stage']);
    expect((await bakeInstance()).there).toBe(false);
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);
});

it('a playbook without the release role is refused, also for a builder', async () => {
  world.playbook.plays[0]?.tasks.splice(1, 1);
  for (const options of [{}, { bake: 'builder' } as const]) {
    await expect(plan(options)).rejects.toMatchObject({
      code: 'ansible.no-release-role',
      outcome: 'usage',
      message: expect.stringContaining('api.yml does not apply the release role'),
    });
  }
});
