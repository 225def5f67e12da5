import { openLedger } from '../../composition/ledger.ts';
import { listApps, loadPipeline } from '../../config/load.ts';
import type { Pipeline } from '../../config/pipeline.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { Fleet } from '../../config/settings.ts';
import type { Task } from '../../tasks/types.ts';
import type { CliContext } from '../context.ts';
import type { KnownTask, KnownVersion, Sources } from './candidates.ts';

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
    versions: async (app, environment) => {
      const pipeline = await load(app);
      return quietly(async () => {
        const fleet = pipeline?.fleet(environment);
        return fleet ? recordedVersions(context, fleet) : [];
      }, []);
    },
  };
}

/** From a ledger in a folder alone: nobody wants to wait for a network while typing. */
async function recordedVersions(context: CliContext, fleet: Fleet): Promise<KnownVersion[]> {
  if (fleet.ledger.type !== 'files') return [];
  const { ledger, close } = await openLedger(context, fleet, { region: fleet.region });
  try {
    const releases = await ledger.releases(fleet.app);
    return releases
      .filter(({ image }) => image !== undefined && image.deletedAt === undefined)
      .map(({ version, commit, knownGood, rolledBackAt }) => ({
        version,
        commit,
        knownGood,
        rolledBack: rolledBackAt !== undefined,
      }))
      .reverse();
  } finally {
    close();
  }
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
