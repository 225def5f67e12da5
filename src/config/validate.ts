import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { nearest, show } from '@golden-pipeline/shared/text';
import { crossProblems } from './checks.ts';
import type { Raw } from './merge.ts';
import type { Pipeline } from './pipeline.ts';
import { plainSettings } from './plain-settings.ts';
import { type Problem, pathText, problem, schemaProblems, valueAt } from './problems.ts';
import { resolveFleet } from './resolve.ts';
import { hasOnlyTasks, pipelineSchema, tasksSchema } from './schema/pipeline.ts';
import type { AnyTask } from './schema/tasks.ts';

/** The origin of a configuration. */
export interface Origin {
  app: string;
  /** The file as named in messages. */
  file: string;
  projectDir: string;
}

/** How many mistakes of a file are shown; the others are counted. */
const shownMistakes = 20;

/**
 * Validates the default export of a file.
 * @param shared What `pipelines/environments.ts` has for all apps; it is valid.
 * @throws usage error `config.invalid` with the mistakes as details, all at once up to 20, and how many more there are
 */
export function validate(exported: unknown, origin: Origin, shared: Raw = {}): Pipeline {
  const { settings: raw, problems: unreadable } = plainSettings(exported);
  // What cannot be read would be reported as missing, too.
  const problems = unreadable.length > 0 ? unreadable : findProblems(raw, origin.app);
  if (problems.length > 0) throw invalid(origin, problems);
  const onlyTasks = hasOnlyTasks(raw);
  const config = onlyTasks ? { ...noFleet, ...(raw as Raw) } : (raw as Raw);
  const environments = Object.keys(config.environments as Raw);
  const only = environments.length === 1 ? environments[0] : undefined;
  const defaultEnvironment = (config.defaultEnvironment as string | undefined) ?? only;
  return {
    app: origin.app,
    file: origin.file,
    environments,
    defaultEnvironment,
    tasks: (config.tasks ?? {}) as Record<string, AnyTask>,
    onlyTasks,
    fleet(environment = defaultEnvironment) {
      return resolveFleet(config, known(environment, environments, origin), origin.projectDir, shared);
    },
  };
}

function invalid({ file }: Origin, problems: readonly Problem[]): PipelineError {
  const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
  const fix = 'all keys are in golden-pipeline/docs/configuration.md; `pipeline config check` looks again';
  const more = problems.length - shownMistakes;
  return usageError('config.invalid', `${file} has ${count}`, fix, [
    ...problems.slice(0, shownMistakes).map((one) => one.text),
    ...(more > 0 ? [`and ${more} more`] : []),
  ]);
}

/** Keys that a file with only tasks may omit. */
const noFleet: Raw = { source: {}, ansible: { playbook: 'none' }, service: { port: 1 } };

function findProblems(raw: unknown, app: string): Problem[] {
  const found = schemaProblems(hasOnlyTasks(raw) ? tasksSchema : pipelineSchema, raw);
  const own = valueAt(raw, ['app']);
  if (typeof own === 'string' && own !== app && !found.some((one) => pathText(one.path) === 'app')) {
    found.push(problem(['app'], own, `'${app}', the name of the file`));
  }
  return [...found, ...crossProblems(raw, found)];
}

function known(environment: string | undefined, environments: string[], { app }: Origin): string {
  if (environment === undefined) {
    const fix = `name one with --env (${environments.join(', ')}), or set defaultEnvironment`;
    throw usageError(
      'config.which-environment',
      `${app} has ${environments.length} environments and none was named`,
      fix,
    );
  }
  if (environments.includes(environment)) return environment;
  const near = nearest(environment, environments);
  const fix = `${near ? `did you mean ${near}? ` : ''}environments of ${app}: ${environments.join(', ')}`;
  throw usageError('config.unknown-environment', `${app} has no environment ${show(environment)}`, fix);
}
