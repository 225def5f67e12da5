import { openLedger } from '../../composition/ledger.ts';
import { listApps, loadPipeline } from '../../config/load.ts';
import type { Pipeline } from '../../config/pipeline.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { Fleet } from '../../config/settings.ts';
import type { Ledger } from '../../ledger/types.ts';
import type { Task } from '../../tasks/types.ts';
import type { CliContext } from '../context.ts';
import type { KnownRun, KnownTask, KnownVersion, Sources } from './candidates.ts';

/** So many runs are offered. */
const offeredRuns = 10;

/** Asks the files of the project. What cannot be read has no candidates: completion never complains. */
export function projectSources(context: CliContext, words: readonly string[]): Sources {
  const at = words.indexOf('--project');
  const named = at >= 0 && at < words.length - 1 ? words[at + 1] : undefined;
  const project = () => projectDir(context, { project: named });
  const apps = async () => quietly(() => listApps(project()), []);
  const load = (app: string) =>
    quietly<Pipeline | undefined>(() => loadPipeline({ projectDir: project(), app }), undefined);
  const recorded = async <T>(
    app: string,
    environment: string | undefined,
    read: (ledger: Ledger, app: string) => Promise<T[]>,
  ): Promise<T[]> => {
    const pipeline = await load(app);
    return quietly(async () => {
      const fleet = pipeline?.fleet(environment);
      return fleet ? fromFiles(context, fleet, read) : [];
    }, []);
  };
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
    versions: (app, environment) => recorded(app, environment, knownVersions),
    runs: (app, environment) => recorded(app, environment, knownRuns),
  };
}

/** Reads a ledger in a folder alone: nobody wants to wait for a network while typing. */
async function fromFiles<T>(
  context: CliContext,
  fleet: Fleet,
  read: (ledger: Ledger, app: string) => Promise<T[]>,
): Promise<T[]> {
  if (fleet.ledger.type !== 'files') return [];
  const { ledger, close } = await openLedger(context, fleet, { region: fleet.region });
  try {
    return await read(ledger, fleet.app);
  } finally {
    close();
  }
}

async function knownVersions(ledger: Ledger, app: string): Promise<KnownVersion[]> {
  const releases = await ledger.releases(app);
  return releases
    .filter(({ image }) => image !== undefined && image.deletedAt === undefined)
    .map(({ version, commit, knownGood, rolledBackAt }) => ({
      version,
      commit,
      knownGood,
      rolledBack: rolledBackAt !== undefined,
    }))
    .reverse();
}

async function knownRuns(ledger: Ledger, app: string): Promise<KnownRun[]> {
  return (await ledger.runs(app, offeredRuns)).map(({ id, operation, version, outcome }) => ({
    id,
    description: [operation, version, outcome].filter(Boolean).join(' '),
  }));
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
