import { defaultUntil, type HookPoint, hookPoints } from '../config/schema/hooks.ts';
import { readLive } from '../fleet/observe.ts';
import type { ContextWith, Services, StepWith } from '../fleet/services.ts';
import { readInputs } from '../tasks/read-inputs.ts';
import type { Task, TaskContext, TaskState } from '../tasks/types.ts';
import type { HookFacts, ReleaseStep } from './state.ts';
import { runPlaybookAsAWhole } from './steps/stage-plain.ts';

/** A task and its positional inputs. */
export interface HookTask {
  name: string;
  task: Task;
  inputs: readonly string[];
}

/** A task to run at a point of a release, and the one that undoes it. */
export interface Hook {
  at: HookPoint;
  run: HookTask;
  undo?: HookTask;
  /** When `undo` runs in a release that succeeds; by default once the fleet is verified. */
  until?: HookPoint;
}

/**
 * Puts tasks into the steps of a release: consumers that stop before an instance is detached, say, start again after the fleet is
 * verified, and also when the release fails or is interrupted, whenever that is. Tasks at one point run in the order of the list, and
 * their undos in the opposite one.
 * @throws usage errors for inputs that do not fit
 */
export async function withHooks(
  steps: readonly ReleaseStep[],
  hooks: readonly Hook[],
  services: Services,
): Promise<ReleaseStep[]> {
  const taken = new Set(steps.map(({ id }) => id));
  const opened: { hook: Hook; run: ReleaseStep; undo?: ReleaseStep }[] = [];
  for (const hook of hooks) opened.push({ hook, ...(await stepsOf(hook, services, taken)) });
  const points = new Map(hookPoints.map((point) => [stepAfter(point, steps), point]));
  return steps.flatMap((step) => {
    const point = points.get(step);
    if (point === undefined) return [step];
    const runs = opened.filter(({ hook }) => hook.at === point).map(({ run }) => run);
    const ended = opened.filter(({ hook, undo }) => undo && (hook.until ?? defaultUntil) === point);
    return [...ended.reverse().flatMap(({ undo }) => undo ?? []), ...runs, step];
  });
}

/** The step that a point comes before. */
function stepAfter(point: HookPoint, steps: readonly ReleaseStep[]): ReleaseStep | undefined {
  const first = (...ids: string[]) => steps.find(({ id }) => ids.includes(id));
  if (point === 'after-verify') return steps[steps.findIndex(({ id }) => id === 'verify') + 1];
  if (point === 'before-roll') return first('roll', 'shift-traffic');
  // A plain playbook starts the new version by itself. On a builder it is started for the first time when it is baked.
  return steps.find((step) => step.id === 'detach' || isPlaybookAsAWhole(step)) ?? first('bake');
}

async function stepsOf(
  { run, undo }: Hook,
  services: Services,
  taken: Set<string>,
): Promise<{ run: ReleaseStep; undo?: ReleaseStep }> {
  const step = await open(run, services, taken);
  const undone = undo && (await open(undo, services, taken));
  const first: ReleaseStep = {
    ...step,
    skip: async (context) => ((await isEmpty(context.services)) ? 'no instance runs yet' : undefined),
    // Behind a fleet that was verified, too: consumers that stay stopped are worse than a release that does.
    ...(undone && { endedBy: undone.id, undo: undone.run }),
  };
  return { run: first, ...(undone && { undo: undone }) };
}

/** A task as one step of a release. @param taken Ids of the steps so far; its own is added. */
async function open(
  { name, task, inputs: given }: HookTask,
  services: Services,
  taken: Set<string>,
): Promise<StepWith<HookFacts>> {
  const { fleet } = services;
  const inputs = readInputs(task, { positional: given, options: {} }, `release.hooks: ${name}`);
  const steps = await task.steps(inputs, fleet);
  // The same task may be there for several queues, say, or at several points; and it may have the name of a step.
  const plain = [name, ...given].join('-').replace(/[^A-Za-z0-9-]+/g, '-');
  let id = plain;
  for (let number = 2; taken.has(id); number++) id = `${plain}-${number}`;
  taken.add(id);
  return {
    id,
    title: `${name} ${given.join(' ')}`.trim(),
    async describe({ state, clock }) {
      const own = { services, clock, state: { ...state.hooks?.[id], inputs } };
      return (await Promise.all(steps.map((step) => step.describe(own)))).flat();
    },
    async run(context) {
      const own = taskContext(context, services, id, inputs);
      await own.change({ action: name, target: fleet.app, data: { inputs: [...given] } }, async () => {
        for (const step of steps) await step.run(own);
      });
    },
  };
}

/** The context of a task's steps within a release: they have facts of their own, beside those of the release. */
function taskContext(
  context: ContextWith<HookFacts>,
  services: Services,
  id: string,
  inputs: TaskState['inputs'],
): TaskContext {
  const saved = () => context.state.hooks?.[id];
  return {
    ...context,
    services,
    get state() {
      return { ...saved(), inputs };
    },
    save: (facts) => context.save({ hooks: { ...context.state.hooks, [id]: { ...saved(), ...facts } } }),
  };
}

async function isEmpty(services: Services): Promise<boolean> {
  return (await readLive(services)).seen.desired === 0;
}

/** By its title: the steps of a release are wrapped, and another one has the same id. */
function isPlaybookAsAWhole({ id, title }: ReleaseStep): boolean {
  return id === runPlaybookAsAWhole.id && title === runPlaybookAsAWhole.title;
}
