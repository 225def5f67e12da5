import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { groupInstances } from '../../src/aws/instances.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { Plan } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import type { Hook } from '../../src/release/hooks.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { defineTask } from '../../src/tasks/define.ts';
import { onOneHost } from '../../src/tasks/hosts.ts';
import { text } from '../../src/tasks/inputs.ts';
import { undoPlanOf } from '../runner/support/undo-plan-of.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';
import { foreignTask } from '../support/simulated-hosts.ts';

let world: Simulated;
/** Queues whose consumers stand still, as the program on the instances keeps it. */
let stopped = new Set<string>();
/** What the instances were told, `verb queue group`. */
let told: string[] = [];
/** Called before an instance does what it is told. */
let before: (verb: string, instanceId: string) => void = () => undefined;

const consumers = (verb: 'stop' | 'start') =>
  defineTask({
    summary: `${verb} consumers`,
    arguments: { queue: text('name') },
    describe: ({ queue }) => [`${verb} the consumers of ${queue}`],
    run: async (context, { queue }) => void (await onOneHost(context, ['consumers', verb, queue])),
  });
const hooks = ['tickets', 'mails'].map(
  (queue): Hook => ({
    at: 'before-detach',
    run: { name: 'stop', task: consumers('stop'), inputs: [queue] },
    undo: { name: 'start', task: consumers('start'), inputs: [queue] },
  }),
);

beforeAll(async () => {
  world = await Simulated.create([
    ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,"],
  ]);
  const { hosts, fleet } = world.services;
  const { run } = hosts;
  hosts.run = async (host, argv) => {
    const [program, verb = '', queue = ''] = argv;
    if (program !== 'consumers') return run(host, argv);
    before(verb, host.instanceId);
    const green = await groupInstances(world.aws.ec2, fleet.names.greenGroup);
    told.push(`${verb} ${queue} ${green.some((one) => one.id === host.instanceId) ? 'green' : 'blue'}`);
    if (verb === 'stop') stopped.add(queue);
    else stopped.delete(queue);
    return '';
  };
  const first = await world.run(await planRelease(world.services, world.clock, { hooks }));
  expect(first.outcome).toBe('done');
}, 60_000);
afterAll(() => world.close());
beforeEach(() => {
  stopped = new Set();
  told = [];
  before = () => undefined;
});

const plan = () => planRelease(world.services, world.clock, { hooks });
type ReleasePlan = Plan<Services, ReleaseState>;

it('release hooks stop consumers in the group that serves before the release, and start them in the one that serves after it', async () => {
  before = (verb) => {
    if (verb === 'start') expect(stopped.size).toBeGreaterThan(0);
  };
  const serving = (await plan()).initial.group === world.fleet.names.group ? ['blue', 'green'] : ['green', 'blue'];
  expect(await world.run(await plan())).toMatchObject({ outcome: 'done' });
  expect(told.toSorted()).toEqual(
    ['mails', 'tickets'].flatMap((queue) => [`start ${queue} ${serving[1]}`, `stop ${queue} ${serving[0]}`]).toSorted(),
  );
  expect(told.slice(0, 2).every((line) => line.startsWith('stop'))).toBe(true);
  expect(stopped.size).toBe(0);
}, 60_000);

it.each(['bake', 'scale-up-idle-group', 'promote'])(
  'a release that fails in %s starts the consumers again, on an instance that answers',
  async (id) => {
    const tried = new Set<string>();
    before = (verb, instanceId) => {
      if (verb !== 'start' || tried.size >= 2) return;
      tried.add(instanceId);
      throw new PipelineError('ssh.unreachable', 'it has not printed its SSH host keys on its console');
    };
    expect(await world.run(failingAfter(await plan(), id))).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(tried.size).toBe(2);
    expect(told.filter((line) => line.startsWith('start'))).toHaveLength(2);
    expect(stopped.size).toBe(0);
  },
  60_000,
);

it('Ctrl-C between the verify step and the start hook still starts the consumers, and the release is kept', async () => {
  const interrupt = new AbortController();
  const whole = await plan();
  const interrupted: ReleasePlan = {
    ...whole,
    steps: whole.steps.map((step) =>
      step.id !== 'verify'
        ? step
        : {
            ...step,
            run: async (context) => {
              await step.run(context);
              interrupt.abort(new PipelineError('run.interrupted', 'Ctrl-C', { outcome: 'interrupted' }));
            },
          },
    ),
  };
  const result = await world.run(interrupted, { signal: interrupt.signal });
  expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
  expect(result.steps.find((step) => step.id === 'promote')?.status).toBe('done');
  expect(stopped.size).toBe(0);
}, 60_000);

it('a start hook that fails once is retried, and the release is kept', async () => {
  let failures = 0;
  before = (verb) => {
    if (verb === 'start' && failures++ === 0)
      throw new PipelineError('ssh.failed', 'exit 1: the queue does not answer');
  };
  const result = await world.run(await plan());
  expect(result.leftovers).toEqual(['the changes up to "Verify the fleet" are kept; not finished: the rest']);
  expect(stopped.size).toBe(0);
}, 60_000);

it('what a killed release has stopped is started by its undo from another host', async () => {
  const crashed = new AbortController();
  const runId = createRunId(world.clock);
  before = (verb) => {
    if (verb === 'stop' && stopped.size === 1) crashed.abort(new Error('killed'));
  };
  const { ledger } = world.services;
  const { appendJournal } = ledger;
  // A dead process writes nothing more.
  ledger.appendJournal = (...entry) =>
    crashed.signal.aborted ? Promise.reject(new Error('killed')) : appendJournal(...entry);
  await world.run(await plan(), { lost: crashed.signal, runId });
  ledger.appendJournal = appendJournal;
  expect(stopped.size).toBe(2);
  const record = { id: runId, command: 'pipeline release api', app: 'api' } as never;
  const undo = await undoPlanOf(world, record, { hooks: async () => hooks });
  if (!undo) throw new Error('nothing to undo');
  const result = await world.run(undo, { signal: AbortSignal.abort(new Error('it died')), runId });
  expect(result.leftovers).toEqual([]);
  expect(stopped.size).toBe(0);
}, 60_000);

it('consumers stop before a plain playbook runs on a builder, as it starts the new version there', async () => {
  const { ansible } = world.fleet;
  const [play] = world.playbook.plays;
  const tasks = play?.tasks.splice(0, 9, foreignTask) ?? [];
  ansible.kind = 'plain';
  try {
    const { steps } = await planRelease(world.services, world.clock, { hooks, bake: 'builder' });
    const ids = ['preflight', 'boot-builder', 'stop-tickets', 'stop-mails', 'stage', 'bake', 'validate'];
    expect(steps.map((step) => step.id).slice(0, 7)).toEqual(ids);
  } finally {
    ansible.kind = 'release';
    play?.tasks.splice(0, 1, ...tasks);
  }
});

it('tasks run at their points in the order of the list, and their undos in the opposite one', async () => {
  const one = (name: string, ...inputs: string[]) => ({ name, task: consumers('stop'), inputs });
  const { steps } = await planRelease(world.services, world.clock, {
    hooks: [
      { at: 'before-detach', run: one('stop', 'a'), undo: one('start', 'a') },
      { at: 'before-detach', run: one('stop', 'b'), undo: one('start', 'b') },
      { at: 'before-roll', run: one('pause', 'a'), undo: one('go', 'a'), until: 'after-verify' },
      { at: 'before-detach', run: one('hold', 'a'), undo: one('free', 'a'), until: 'before-roll' },
      { at: 'after-verify', run: one('tell', 'a') },
      { at: 'after-verify', run: one('tell', 'b') },
    ],
  });
  const ids = steps.map(({ id }) => id);
  const at = ids.indexOf('detach');
  expect(ids.slice(at - 3, at)).toEqual(['stop-a', 'stop-b', 'hold-a']);
  const moving = ids.indexOf('shift-traffic');
  expect(ids.slice(moving - 2, moving)).toEqual(['free-a', 'pause-a']);
  const verified = ids.indexOf('verify') + 1;
  expect(ids.slice(verified, verified + 5)).toEqual(['go-a', 'start-b', 'start-a', 'tell-a', 'tell-b']);
});

it('a task at several points, or with the name of a step, gets a step of its own each time', async () => {
  const run = (name: string) => ({ name, task: consumers('stop'), inputs: ['a'] });
  const bare = defineTask({ summary: 'bake', describe: () => [], run: async () => undefined });
  const { steps } = await planRelease(world.services, world.clock, {
    hooks: [
      { at: 'before-detach', run: run('tell') },
      { at: 'after-verify', run: run('tell') },
      { at: 'after-verify', run: { name: 'bake', task: bare, inputs: [] } },
    ],
  });
  expect(steps.map(({ id }) => id).filter((id) => /tell|bake/.test(id))).toEqual([
    'tell-a',
    'bake',
    'tell-a-2',
    'bake-2',
  ]);
});
