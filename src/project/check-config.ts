import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { refusedPlaybooks } from '../composition/refused-playbooks.ts';
import { type Collision, collisionError, findCollisions } from '../config/collisions.ts';
import { commandWords } from '../config/command-words.ts';
import { loadPipeline } from '../config/load.ts';
import { loadShared } from '../config/load-shared.ts';
import { isGroup } from '../config/merge.ts';
import { missingFiles } from '../config/missing-files.ts';
import { assertNamedLedger } from '../config/named-ledger.ts';
import { ledgersThatDiffer } from '../config/one-ledger.ts';
import { projectFleets } from '../config/project.ts';
import { secretLookingVariables } from '../config/secrets.ts';
import type { Fleet } from '../config/settings.ts';
import { unsetVariables } from '../config/unset-variables.ts';
import { shortWindow } from '../config/verify-window.ts';

/** What is wrong with an app's pipelines file, or what a release of its environments would lack. */
export type CheckedApp =
  | { app: string; environments: string[]; warnings: string[] }
  | { app: string; error: PipelineError };

/**
 * Checks the pipelines files of some apps, each on its own and against all others.
 * @param environment Only this one is checked; without it all.
 * @returns what is to be said of each app, and every error once: a collision is a mistake of two files
 */
export async function checkConfiguration(
  { clock }: { clock: Clock },
  { projectDir, apps, environment }: { projectDir: string; apps: readonly string[]; environment?: string },
): Promise<{ checked: CheckedApp[]; errors: PipelineError[] }> {
  const [each, fleets] = await Promise.all([
    Promise.all(apps.map((app) => check(clock, projectDir, app, environment))),
    projectFleets(projectDir),
  ]);
  const { checked, collisions } = withCollisions(each, findCollisions(fleets));
  // What is wrong with what all apps share is wrong once.
  const all = each.flatMap((one) => ('error' in one ? [one.error] : []));
  const wrong = all.filter(
    (error, at) =>
      at === all.findIndex((other) => `${other.message} ${other.details}` === `${error.message} ${error.details}`),
  );
  const checkedFleets = fleets.filter((fleet) => environment === undefined || fleet.environment === environment);
  const ledgers = ledgersThatDiffer(checkedFleets);
  return { checked, errors: [...wrong, ...(collisions.length > 0 ? [collisionError(collisions)] : []), ...ledgers] };
}

async function check(
  clock: Clock,
  projectDir: string,
  app: string,
  environment: string | undefined,
): Promise<CheckedApp> {
  try {
    const pipeline = await loadPipeline({ projectDir, app });
    assertNoCommand(app);
    const environments = environment === undefined ? pipeline.environments : [environment];
    // Inheritance and overrides can make what is right in parts wrong as a whole.
    const fleets = environments.map((name) => pipeline.fleet(name));
    if (!pipeline.onlyTasks) for (const fleet of fleets) assertNamedLedger(fleet);
    if (pipeline.onlyTasks) return { app, environments, warnings: [] };
    const refused = (await refusedPlaybooks({ clock }, fleets)).map((text) => `ansible.playbook: ${text}`);
    const unknown = environment === undefined ? await unknownShared(projectDir) : [];
    return { app, environments, warnings: [...new Set([...fleets.flatMap(warningsOf), ...refused, ...unknown])] };
  } catch (error) {
    if (error instanceof PipelineError) return { app, error };
    throw error;
  }
}

/** Environments of `pipelines/environments.ts` that no app has: a slip of the pen, and nobody is notified there. */
async function unknownShared(projectDir: string): Promise<string[]> {
  const { environments } = await loadShared(projectDir);
  if (!isGroup(environments)) return [];
  const known = new Set((await projectFleets(projectDir)).map((fleet) => fleet.environment));
  return Object.keys(environments)
    .filter((name) => !known.has(name))
    .map((name) => `pipelines/environments.ts has an environment ${name}, which no app has (${[...known].join(', ')})`);
}

/** Only here and where an app is added: one that is there already must be able to be rolled back. */
function assertNoCommand(app: string): void {
  if (!commandWords.includes(app)) return;
  throw usageError(
    'config.command-name',
    `pipelines/${app}.ts is named like the command \`pipeline ${app}\`, which hides \`pipeline ${app} <task>\``,
    'give the app another name, also the file',
  );
}

/** What only a release of the environment needs, and may be missing where this is looked at: on a developer's computer, say. */
function warningsOf(fleet: Fleet): string[] {
  const { app, environment, ansible } = fleet;
  const short = shortWindow(fleet);
  return [
    ...(short ? [short] : []),
    ...missingFiles(fleet).map(({ setting, message, fix }) => `${setting}: ${message}; ${fix}`),
    ...unsetVariables(ansible.variables).map(
      (path) =>
        `ansible.variables.${path} has no value in ${environment}; a release there needs it: set the shell variable that pipelines/${app}.ts reads it from`,
    ),
    ...secretLookingVariables(ansible.variables).map(
      (path) =>
        `ansible.variables.${path} has the name of a secret, and what plays write is in the image; keep its value in Parameter Store or Secrets Manager and name it in secrets (golden-pipeline/docs/secrets.md)`,
    ),
  ];
}

/** The same, with an error for each app whose checked environments share a name with another fleet. */
function withCollisions(
  each: CheckedApp[],
  all: readonly Collision[],
): { checked: CheckedApp[]; collisions: Collision[] } {
  const of = (one: CheckedApp) =>
    'error' in one
      ? []
      : all.filter(({ fleets }) =>
          fleets.some((fleet) => fleet.app === one.app && one.environments.includes(fleet.environment)),
        );
  return {
    checked: each.map((one) => (of(one).length > 0 ? { app: one.app, error: collisionError(of(one)) } : one)),
    collisions: all.filter((collision) => each.some((one) => of(one).includes(collision))),
  };
}
