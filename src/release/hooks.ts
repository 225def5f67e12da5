import { defaultUntil, type HookPoint, hookPoints, type LocalHook } from '../config/schema/hooks.ts';
import { readLive } from '../fleet/observe.ts';
import type { ContextWith, Services, StepWith } from '../fleet/services.ts';
import { readInputs } from '../tasks/read-inputs.ts';
import type { Task, TaskContext, TaskState } from '../tasks/types.ts';
import { commandStep } from './hooks/command-step.ts';
import { withWarning } from './hooks/with-warning.ts';
import type { HookFacts, ReleaseStep } from './state.ts';
import { runPlaybookAsAWhole } from './steps/stage-plain.ts';

/** A task and its positional inputs. */
export interface HookTask {
  name: string;
  task: Task;
  inputs: readonly string[];
}

/** A task, or a command that runs where the pipeline runs. */
export type HookWork = HookTask | LocalHook;

/** What is to run at a point of a release, and what undoes it. */
export interface Hook {
  at: HookPoint;
  run: HookWork;
  undo?: HookWork;
  /** When `undo` runs in a release that succeeds; by default once the fleet is verified. */
  until?: HookPoint;
}

/**
 * Puts tasks and commands into the steps of a release: consumers that stop before an instance is detached, say, start again after the
 * fleet is verified, and also when the release fails or is interrupted, whenever that is. Hooks at one point run in the order of the
 * list, and their undos in the opposite one.
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
  return steps.flatMap((step) => {
    // In the order of the list: several points may be before the same step.
    const points = hookPoints.filter((point) => stepAfter(point, steps) === step);
    return [...points.flatMap((point) => hooksAt(point, opened)), step];
  });
}

/** What ends at a point, and then what begins there. */
function hooksAt(
  point: HookPoint,
  opened: readonly { hook: Hook; run: ReleaseStep; undo?: ReleaseStep }[],
): ReleaseStep[] {
  const runs = opened.filter(({ hook }) => hook.at === point).map(({ run }) => run);
  const ended = opened.filter(({ hook, undo }) => undo && (hook.until ?? defaultUntil) === point);
  return [...ended.reverse().flatMap(({ undo }) => undo ?? []), ...runs];
}

/** The step that a point comes before. */
function stepAfter(point: HookPoint, steps: readonly ReleaseStep[]): ReleaseStep | undefined {
  const first = (...ids: string[]) => steps.find(({ id }) => ids.includes(id));
  const after = (id: string) => steps[steps.findIndex((step) => step.id === id) + 1];
  if (point === 'before-stage') return after('preflight');
  if (point === 'after-verify') return after('verify');
  if (point === 'before-roll') return first('roll', 'shift-traffic');
  // A plain playbook starts the new version by itself. On a builder it is started for the first time when it is baked.
  return steps.find((step) => step.id === 'detach' || isPlaybookAsAWhole(step)) ?? first('bake');
}

async function stepsOf(
  { at, run, undo }: Hook,
  services: Services,
  taken: Set<string>,
): Promise<{ run: ReleaseStep; undo?: ReleaseStep }> {
  const step = await open(run, at, services, taken);
  const undone = undo && (await open(undo, at, services, taken, true));
  const first: ReleaseStep = {
    ...step,
    // Behind a fleet that was verified, too: consumers that stay stopped are worse than a release that does.
    ...(undone && { endedBy: undone.id, undo: undone.run }),
  };
  return { run: at === 'after-verify' ? withWarning(first) : first, ...(undone && { undo: undone }) };
}

/** A hook as one step of a release. @param taken Ids of the steps so far; its own is added. */
async function open(
  work: HookWork,
  point: HookPoint,
  services: Services,
  taken: Set<string>,
  undoing = false,
): Promise<ReleaseStep> {
  if ('command' in work) return commandStep(work, { point, undoing, id: freeId(work.command.join('-'), taken, 24) });
  const step = await openTask(work, services, taken);
  if (undoing) return step;
  return {
    ...step,
    skip: async (context) => ((await isEmpty(context.services)) ? 'no instance runs yet' : undefined),
  };
}

/** The same may run at several points, or for several queues, say; and it may have the name of a step. */
function freeId(text: string, taken: Set<string>, length = 40): string {
  const plain =
    text
      .replace(/[^A-Za-z0-9-]+/g, '-')
      .replace(/^-+/, '')
      .slice(0, length)
      .replace(/-+$/, '') || 'hook';
  let id = plain;
  for (let number = 2; taken.has(id); number++) id = `${plain}-${number}`;
  taken.add(id);
  return id;
}

/** A task as one step of a release. */
async function openTask(
  { name, task, inputs: given }: HookTask,
  services: Services,
  taken: Set<string>,
): Promise<StepWith<HookFacts>> {
  const { fleet } = services;
  const inputs = readInputs(task, { positional: given, options: {} }, `release.hooks: ${name}`);
  const steps = await task.steps(inputs, fleet);
  const id = freeId([name, ...given].join('-'), taken);
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
