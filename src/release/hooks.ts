import { readLive } from '../fleet/observe.ts';
import type { ReleaseStep, Services } from '../fleet/services.ts';
import { readInputs } from '../tasks/read-inputs.ts';
import type { Task, TaskContext } from '../tasks/types.ts';
import { stagePlain } from './steps/stage-plain.ts';

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
  const first = steps.findIndex((step) => step.id === 'detach' || step === stagePlain);
  return first >= 0 ? first : steps.findIndex((step) => step.id === 'bake');
}

async function wrap(around: Around, services: Services): Promise<[ReleaseStep, ReleaseStep]> {
  const { fleet } = services;
  const stepsOf = async ({ name, task }: Around['before']) => {
    const inputs = readInputs(task, { positional: around.arguments, options: {} }, `release.around: ${name}`);
    return task.steps(inputs, fleet);
  };
  const [pausing, resuming] = [await stepsOf(around.before), await stepsOf(around.after)];
  const all = (list: Awaited<ReturnType<Task['steps']>>, name: string) => async (context: unknown) => {
    const own = context as TaskContext;
    await own.change({ action: name, target: fleet.app, data: { arguments: [...around.arguments] } }, async () => {
      for (const step of list) await step.run(own);
    });
  };
  const describe =
    (list: Awaited<ReturnType<Task['steps']>>) => async (context: Parameters<ReleaseStep['describe']>[0]) => {
      const lines = await Promise.all(list.map((step) => step.describe(context as never)));
      return lines.flat();
    };
  const words = around.arguments.join(' ');
  // The same task may stand there for several queues, say.
  const idOf = (name: string) => [name, ...around.arguments].join('-').replace(/[^A-Za-z0-9-]+/g, '-');
  return [
    {
      id: idOf(around.before.name),
      title: `${around.before.name} ${words}`.trim(),
      skip: async (context) => ((await isEmpty(context.services)) ? 'no machine runs yet' : undefined),
      describe: describe(pausing),
      run: all(pausing, around.before.name),
      // Behind a fleet that was verified, too: consumers that stay stopped are worse than a release that does.
      endedBy: idOf(around.after.name),
      // Whatever it has done, the way back is the other task.
      undo: all(resuming, around.after.name),
    },
    {
      id: idOf(around.after.name),
      title: `${around.after.name} ${words}`.trim(),
      describe: describe(resuming),
      run: all(resuming, around.after.name),
    },
  ];
}

async function isEmpty(services: Services): Promise<boolean> {
  return (await readLive(services)).seen.desired === 0;
}
