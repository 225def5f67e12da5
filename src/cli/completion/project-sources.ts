import { listApps, loadPipeline } from '../../config/load.ts';
import type { Pipeline } from '../../config/pipeline.ts';
import type { Task } from '../../tasks/types.ts';
import { type CliContext, projectDir } from '../context.ts';
import type { KnownTask, Sources } from './candidates.ts';

/** Asks the files of the project. What cannot be read has no candidates: completion never complains. */
export function projectSources(context: CliContext, words: readonly string[]): Sources {
  const at = words.indexOf('--project');
  const named = at >= 0 && at < words.length - 1 ? words[at + 1] : undefined;
  const project = () => projectDir(context, { project: named });
  const apps = async () => quietly(() => listApps(project()), []);
  const load = (app: string) =>
    quietly<Pipeline | undefined>(() => loadPipeline({ projectDir: project(), app }), undefined);
  return {
    apps,
    async environments(app) {
      const pipelines = await Promise.all((app === undefined ? await apps() : [app]).map(load));
      return [...new Set(pipelines.flatMap((one) => one?.environments ?? []))];
    },
    async tasks(app) {
      const pipeline = await load(app);
      return Object.fromEntries(
        Object.entries(pipeline?.tasks ?? {}).map(([name, task]) => [name, known(task as unknown as Task)]),
      );
    },
  };
}

function known({ summary, arguments: positional = {}, options = {} }: Task): KnownTask {
  return {
    summary,
    positional: Object.values(positional).map(({ choices }) => choices ?? []),
    options: Object.entries(options).map(([key, input]) => ({
      flags: input.flag ? `--${key}` : `--${key} <${input.placeholder}>`,
      description: input.description,
      choices: input.choices,
    })),
  };
}

async function quietly<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch {
    return otherwise;
  }
}
