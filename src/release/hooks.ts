import { readLive } from '../fleet/observe.ts';
import type { ContextWith, Services, StepWith } from '../fleet/services.ts';
import { readInputs } from '../tasks/read-inputs.ts';
import type { Task, TaskContext, TaskState } from '../tasks/types.ts';
import type { HookFacts, ReleaseStep } from './state.ts';
import { runPlaybookAsAWhole } from './steps/stage-plain.ts';

/** A task to run before the fleet is touched, and the one that takes it back. */
export interface Around {
  before: { name: string; task: Task };
  after: { name: string; task: Task };
  /** The positional inputs of both. */
  arguments: readonly string[];
}

/**
 * Puts the steps of tasks around what a release does to hosts that serve: consumers that stop before a host leaves, say, start again
 * after the fleet has been verified, and also when the release fails or is interrupted, whenever that is.
 * @throws usage errors for inputs that do not fit
 */
export async function withAround(
  steps: readonly ReleaseStep[],
  around: readonly Around[],
  services: Services,
): Promise<ReleaseStep[]> {
  const result = [...steps];
  for (const one of around) {
    const [pause, resume] = await wrap(one, services);
    result.splice(firstTouching(result), 0, pause);
    result.splice(result.findIndex((step) => step.id === 'verify') + 1, 0, resume);
  }
  return result;
}

/**
 * A host of the fleet is taken out, or, on a builder, the new version is started for the first time, and then proved. A plain playbook
 * starts it by itself.
 */
function firstTouching(steps: readonly ReleaseStep[]): number {
  const first = steps.findIndex((step) => step.id === 'detach' || step === runPlaybookAsAWhole);
  return first >= 0 ? first : steps.findIndex((step) => step.id === 'bake');
}

async function wrap(around: Around, services: Services): Promise<[ReleaseStep, ReleaseStep]> {
  const [pause, resume] = [await open(around.before, around, services), await open(around.after, around, services)];
  return [
    {
      id: pause.id,
      title: pause.title,
      skip: async (context) => ((await isEmpty(context.services)) ? 'no machine runs yet' : undefined),
      describe: pause.describe,
      run: pause.run,
      // Behind a fleet that was verified, too: consumers that stay stopped are worse than a release that does.
      endedBy: resume.id,
      // Whatever it has done, the way back is the other task.
      undo: resume.run,
    },
    { id: resume.id, title: resume.title, describe: resume.describe, run: resume.run },
  ];
}

/** A task as one step of a release. */
async function open(
  { name, task }: Around['before'],
  around: Pick<Around, 'arguments'>,
  services: Services,
): Promise<StepWith<HookFacts>> {
  const { fleet } = services;
  const inputs = readInputs(task, { positional: around.arguments, options: {} }, `release.around: ${name}`);
  const steps = await task.steps(inputs, fleet);
  // The same task may stand there for several queues, say.
  const id = [name, ...around.arguments].join('-').replace(/[^A-Za-z0-9-]+/g, '-');
  return {
    id,
    title: `${name} ${around.arguments.join(' ')}`.trim(),
    async describe({ state, clock }) {
      const own = { services, clock, state: { ...state.hooks?.[id], inputs } };
      return (await Promise.all(steps.map((step) => step.describe(own)))).flat();
    },
    async run(context) {
      const own = taskContext(context, services, id, inputs);
      await own.change({ action: name, target: fleet.app, data: { arguments: [...around.arguments] } }, async () => {
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
