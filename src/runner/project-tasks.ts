import { usageError } from '@golden-pipeline/shared/errors';
import { nearest, show } from '@golden-pipeline/shared/text';
import { loadPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import { hookPoints, type LocalHook } from '../config/schema/hooks.ts';
import type { Fleet } from '../config/settings.ts';
import type { Hook, HookWork } from '../release/hooks.ts';
import { isTask } from '../tasks/define.ts';
import type { Task } from '../tasks/types.ts';

/** The tasks of an app and where they run. */
export interface AppTasks {
  pipeline: Pipeline;
  tasks: Readonly<Record<string, Task>>;
}

/** The tasks of `pipelines/<app>.ts`. @throws usage errors as {@link loadPipeline} does */
export async function loadTasks(place: { projectDir: string; app: string }): Promise<AppTasks> {
  const pipeline = await loadPipeline(place);
  const tasks = Object.entries(pipeline.tasks).filter((entry): entry is [string, Task] => isTask(entry[1]));
  return { pipeline, tasks: Object.fromEntries(tasks) };
}

/** @throws usage error `task.unknown` with a suggestion */
export function taskNamed({ pipeline, tasks }: AppTasks, name: string): Task {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (task) return task;
  const names = Object.keys(tasks);
  const near = nearest(name, names);
  const fix = names.length === 0 ? `${pipeline.file} has no tasks` : `tasks of ${pipeline.app}: ${names.join(', ')}`;
  throw usageError(
    'task.unknown',
    `${pipeline.app} has no task ${show(name)}`,
    near ? `did you mean ${near}? ${fix}` : fix,
  );
}

/** The hooks at points of a release, as configured. @param load Called only when there are tasks among them. */
export async function readHooks(
  { hooks }: Pick<Fleet['release'], 'hooks'>,
  load: () => Promise<AppTasks>,
): Promise<Hook[]> {
  let found: Promise<AppTasks> | undefined;
  const read = async (work: string | LocalHook): Promise<HookWork> => {
    if (typeof work !== 'string') return work;
    const [name = '', ...inputs] = work.trim().split(/\s+/);
    found ??= load();
    return { name, task: taskNamed(await found, name), inputs };
  };
  const all: Hook[] = [];
  for (const { at, run, undo, until } of hooks) {
    const point = hookPoints.find((one) => one === at);
    if (!point) continue;
    all.push({ at: point, run: await read(run), ...(undo !== undefined && { undo: await read(undo) }), until });
  }
  return all;
}
