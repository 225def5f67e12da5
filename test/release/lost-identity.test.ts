import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { planRelease, type ReleaseOptions } from '../../src/release/plan.ts';
import { planRepair } from '../../src/repair/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { undoPlanOf } from '../runner/support/undo-plan-of.ts';
import { answering, deleteServingImage, releaseRecorded } from '../support/drifted.ts';
import { die } from '../support/dying.ts';
import { failingAfter, firstRelease, Simulated } from '../support/simulated.ts';
import { foreignTask } from '../support/simulated-hosts.ts';

const identity = ['tailscale: /var/lib/tailscale/tailscaled.state', 'release_clean: /etc/acme/id'];

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create();
  world.identity.push(...identity);
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
beforeEach(() => {
  world.plays.length = 0;
  world.notes.length = 0;
});
afterAll(() => world?.close());

const plan = (options: ReleaseOptions = {}) => planRelease(world.services, world.clock, options);
const group = async (of = world) => {
  const { min, max, desired, suspended } = await readGroup(of.aws.autoScaling, of.fleet.names.group);
  return { min, max, desired, suspended };
};
const members = async (of = world) => (await readStatus(of.services)).instances.map((one) => one.id);
const cleaned = (of = world) => of.plays.find((play) => play.startsWith('clean'))?.split(' ')[1] ?? 'none';

it('a pattern that matches more than identity on a host refuses the release before anything is changed', async () => {
  const { hosts } = world.services;
  const run = hosts.run;
  const wrong = 'wrong: /srv/a* matches /srv/api, which is the folder of the app, or in it, or has it in it';
  hosts.run = async (host, argv, options) => (argv.at(-1) === '--list' ? wrong : run(host, argv, options));
  const error = await plan().catch((caught) => caught);
  hosts.run = run;
  expect(error).toMatchObject({ code: 'release.clean', outcome: 'usage', details: [wrong.slice('wrong: '.length)] });
});

describe('a bake instance that loses what a boot does not create again', () => {
  it('is named in the plan, with what it loses', async () => {
    const { described } = await plan();
    expect(described.bake?.slice(-3)).toEqual([
      'the host is terminated after the image, and the group launches another: it loses what a boot does not make again:',
      ...identity.map((line) => `  ${line}`),
    ]);
  });

  it('is not in the plan of a builder, which is terminated anyway', async () => {
    const { described, initial } = await plan({ bake: 'builder' });
    expect(described.bake?.at(-1)).toBe('the builder is terminated');
    expect(initial.loses).toBeUndefined();
  });

  it('is only mentioned as possible in the plan where no host can be checked', async () => {
    const { hosts } = world.services;
    const { run } = hosts;
    hosts.run = async (host, argv, options) => {
      if (argv.at(-1) === '--list') throw new PipelineError('ssh.unreachable', 'no route');
      return run(host, argv, options);
    };
    const { described } = await plan().finally(() => {
      hosts.run = run;
    });
    expect(described.bake?.slice(-2)).toEqual([
      'the host stays out of the load balancer until the image is validated',
      'it is terminated instead when it loses what a boot does not make again: no route',
    ]);
  });

  const undone = async (id: string) => {
    const before = await group();
    const result = await world.run(failingAfter(await plan(), id));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(await world.serving()).toEqual(firstRelease);
    expect(await group()).toEqual(before);
    return members();
  };
  it.each(['bake', 'validate', 'roll'])('does not return when the release fails after %s', async (id) => {
    expect(await undone(id)).not.toContain(cleaned());
  });
  it('returns when the release fails before it is cleaned', async () => {
    const before = await members();
    expect((await undone('detach')).sort()).toEqual(before.sort());
  });

  it.each([
    { at: 'clean-host', how: 'made' },
    { at: 'create-image', how: 'intended' },
    { at: 'create-image', how: 'made' },
    { at: 'terminate-bake-instance', how: 'intended' },
    { at: 'terminate-bake-instance', how: 'made' },
  ] as const)('is terminated when a run that crashed when $at was $how is undone', async (death) => {
    const before = await group();
    const run = await die(world, await plan(), death);
    const undo = await undoPlanOf(world, run);
    if (!undo) throw new Error('there is nothing to undo');
    const signal = AbortSignal.abort(new PipelineError('run.died', 'died', { outcome: 'interrupted' }));
    expect(await world.run(undo, { runId: run.id, signal })).toMatchObject({ leftovers: [] });
    await world.services.ledger.saveRun({ ...run, outcome: 'interrupted', finishedAt: 'now' });
    expect(await members()).not.toContain(cleaned());
    expect(await world.serving()).toEqual(firstRelease);
    expect(await group()).toEqual(before);
  });

  it('is terminated after the image, and the release continues', async () => {
    const before = await group();
    const result = await world.run(await plan());
    expect(result).toMatchObject({ outcome: 'done', state: { lost: identity } });
    expect(world.notes.join('\n')).toContain(
      `${cleaned()} lost what a boot does not make again (${identity[0]}, and 1 more): it is terminated`,
    );
    expect(await members()).not.toContain(cleaned());
    const { version } = result.state;
    expect(await world.serving()).toEqual(firstRelease.map((line) => line.replace('v1', version)));
    expect(await group()).toEqual(before);
  });

  it('is terminated right after the image where it was detached before the first play', async () => {
    world.playbook.plays[0]?.tasks.push(foreignTask);
    const planned = await plan();
    let there: string[] = [];
    const result = await world.run(planned, {
      sink: async (event) => {
        if (event.code === 'step.finished' && event.step === 'bake') there = await members();
      },
    });
    world.playbook.plays[0]?.tasks.splice(2);
    expect(planned.described['return-instance']?.at(-1)).toBe('unless it was terminated after the image');
    expect(result.outcome).toBe('done');
    expect(there.length).toBeGreaterThan(0);
    expect(there).not.toContain(cleaned());
  });
});

describe('clean-up lists of the app role', () => {
  const given = (variables: Record<string, string>) => {
    const task = world.playbook.plays[0]?.tasks[1];
    if (task) task.variables = { release_clean: '[]', ...variables };
  };
  afterEach(() => {
    delete world.playbook.plays[0]?.tasks[1]?.variables;
  });

  it.each([
    [{ release_clean: '["/etc"]' }, 'release_clean has "/etc", expected something inside of that folder'],
    [{ release_clean: 'x' }, 'release_clean of the app role is x, expected a list of texts'],
    [
      { release_clean_made_at_boot: '["/usr/bin/node"]' },
      'expected a path that does not belong to the operating system',
    ],
    [{ release_clean_shared: '["../current"]' }, 'expected a name in the shared folder'],
    [{ release_clean_keep: '["tailscael"]' }, 'release_clean_keep has "tailscael", expected one of dhcp, '],
  ])('that are %o are refused before anything is changed', async (variables, message) => {
    given(variables as Record<string, string>);
    await expect(plan()).rejects.toMatchObject({
      code: 'release.clean',
      outcome: 'usage',
      message: expect.stringContaining(message),
    });
  });

  it('are used for the check of a host', async () => {
    given({ release_clean: '["/etc/acme/*"]', release_clean_keep: '["tailscale"]' });
    const { hosts } = world.services;
    const { run } = hosts;
    const asked: unknown[] = [];
    hosts.run = async (host, argv, options) => {
      if (argv.at(-1) === '--list') asked.push(JSON.parse(argv.at(-2) ?? ''));
      return run(host, argv, options);
    };
    await plan().finally(() => {
      hosts.run = run;
    });
    expect(asked).toMatchObject([{ paths: ['/etc/acme/*'], made_at_boot: [], shared_names: [], keep: ['tailscale'] }]);
  });
});

it('a blue/green instance that loses its identity is not switched back, and the group that serves is complete', async () => {
  const two = await Simulated.create([
    ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,"],
  ]);
  try {
    two.identity.push(...identity);
    const release = () => planRelease(two.services, two.clock, {});
    expect((await two.run(await release())).error).toBeUndefined();
    two.plays.length = 0;
    const result = await two.run(failingAfter(await release(), 'bake'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(two.plays.some((play) => play.startsWith('revert'))).toBe(false);
    expect(await members(two)).not.toContain(cleaned(two));
    expect(await two.serving()).toEqual(firstRelease);
  } finally {
    await two.close();
  }
}, 60_000);

it('an instance that was cleaned for a repair serves until the group can launch another, and is then replaced', async () => {
  const broken = await Simulated.create([], { switching: true });
  try {
    answering(broken);
    expect((await releaseRecorded(broken)).error).toBeUndefined();
    broken.identity.push(...identity);
    broken.plays.length = 0;
    await deleteServingImage(broken);
    const before = await group(broken);
    const host = new Set(await members(broken));
    const failed = await broken.run(failingAfter(await planRepair(broken.services, broken.clock), 'rebake'));
    expect(failed).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(await members(broken)).toEqual([...host]);
    const result = await broken.run(await planRepair(broken.services, broken.clock));
    expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
    const now = await members(broken);
    expect(now.filter((id) => !host.has(id))).toHaveLength(1);
    expect(await broken.serving()).toEqual(firstRelease);
    expect(await group(broken)).toEqual(before);
  } finally {
    await broken.close();
  }
}, 60_000);
