import type { HookPoint } from '../config/schema/hooks.ts';
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
 * verified, and also when the release fails or is interrupted, whenever that is.
 * @throws usage errors for inputs that do not fit
 */
export async function withHooks(
  steps: readonly ReleaseStep[],
  hooks: readonly Hook[],
  services: Services,
): Promise<ReleaseStep[]> {
  const result = [...steps];
  for (const hook of hooks) {
    const [run, undo] = await stepsOf(hook, services);
    result.splice(indexOf(hook.at, result), 0, run);
    if (undo) result.splice(indexOf(hook.until ?? 'after-verify', result), 0, undo);
  }
  return result;
}

/** Where a point is in the procedure. */
function indexOf(point: HookPoint, steps: readonly ReleaseStep[]): number {
  const first = (...ids: string[]) => steps.findIndex(({ id }) => ids.includes(id));
  if (point === 'after-verify') return first('verify') + 1;
  if (point === 'before-roll') return first('roll', 'shift');
  // A plain playbook starts the new version by itself. On a builder it is started for the first time when it is baked.
  const touching = steps.findIndex((step) => step.id === 'detach' || step === runPlaybookAsAWhole);
  return touching >= 0 ? touching : first('bake');
}

async function stepsOf({ run, undo }: Hook, services: Services): Promise<[ReleaseStep, ReleaseStep | undefined]> {
  const step = await open(run, services);
  const undone = undo && (await open(undo, services));
  const first: ReleaseStep = {
    ...step,
    skip: async (context) => ((await isEmpty(context.services)) ? 'no instance runs yet' : undefined),
    // Behind a fleet that was verified, too: consumers that stay stopped are worse than a release that does.
    ...(undone && { endedBy: undone.id, undo: undone.run }),
  };
  return [first, undone];
}

/** A task as one step of a release. */
async function open({ name, task, inputs: given }: HookTask, services: Services): Promise<StepWith<HookFacts>> {
  const { fleet } = services;
  const inputs = readInputs(task, { positional: given, options: {} }, `release.hooks: ${name}`);
  const steps = await task.steps(inputs, fleet);
  // The same task may stand there for several queues, say.
  const id = [name, ...given].join('-').replace(/[^A-Za-z0-9-]+/g, '-');
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
