import { usageError } from '@golden-pipeline/shared/errors';
import { nearest, show } from '@golden-pipeline/shared/text';
import { loadPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { Fleet } from '../config/settings.ts';
import type { Hook, HookTask } from '../release/hooks.ts';
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

/** The hooks of a release, as configured. @param load Called only when there are some. */
export async function readHooks(
  { hooks }: Pick<Fleet['release'], 'hooks'>,
  load: () => Promise<AppTasks>,
): Promise<Hook[]> {
  if (hooks.length === 0) return [];
  const found = await load();
  const read = (words: string): HookTask => {
    const [name = '', ...inputs] = words.trim().split(/\s+/);
    return { name, task: taskNamed(found, name), inputs };
  };
  return hooks.map(({ at, run, undo, until }) => ({
    at,
    run: read(run),
    ...(undo !== undefined && { undo: read(undo) }),
    until,
  }));
}
