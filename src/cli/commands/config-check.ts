import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { type Collision, collisionError, findCollisions } from '../../config/collisions.ts';
import { listApps, loadPipeline, unreadFiles } from '../../config/load.ts';
import { missingFiles } from '../../config/missing-files.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { projectFleets } from '../../config/project.ts';
import { secretLookingVariables } from '../../config/secrets.ts';
import type { Fleet } from '../../config/settings.ts';
import { unsetVariables } from '../../config/unset-variables.ts';
import type { CommandModule } from '../command.ts';
import { type CliContext, projectDir, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { refusedPlaybooks } from '../playbooks.ts';
import { errorDocument, renderError } from '../views/errors.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor, printable } from '../views/text.ts';

type Checked = { app: string; environments: string[]; warnings: string[] } | { app: string; error: PipelineError };

/** `pipeline config check [app]`: every mistake in every file at once, and what a release of an environment would lack as warnings. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const folder = projectDir(context, options);
  const apps = app === undefined ? await listApps(folder) : [app];
  const unread = app === undefined ? await unreadFiles(folder) : [];
  if (apps.length === 0) {
    throw usageError(
      'config.no-pipelines',
      `there is no pipelines/*.ts in ${folder}`,
      'write one; golden-pipeline/docs/configuration.md shows how',
      unread,
    );
  }
  const [each, fleets] = await Promise.all([
    Promise.all(apps.map((name) => check(context, folder, name, options.env))),
    projectFleets(folder),
  ]);
  const { checked, collisions } = withCollisions(each, findCollisions(fleets));
  const wrong = each.flatMap((one) => ('error' in one ? [one.error] : []));
  if (options.json) writeJson(context.stdout, checked.map(toDocument));
  else {
    const plain = colorsFor(useColor(context, options, context.stdout));
    for (const one of checked) {
      if (!('error' in one)) context.stdout.write(`${plain.green('ok')}  ${one.app}: ${one.environments.join(', ')}\n`);
    }
  }
  const colors = colorsFor(useColor(context, options, context.stderr));
  for (const text of unread) context.stderr.write(`${colors.yellow('warning:')} ${printable(text)}\n`);
  for (const one of checked) {
    if ('error' in one) continue;
    for (const text of one.warnings)
      context.stderr.write(`${colors.yellow('warning:')} ${one.app}: ${printable(text)}\n`);
  }
  // A collision is told once, although it is a mistake of two files.
  const errors = collisions.length > 0 ? [...wrong, collisionError(collisions)] : wrong;
  for (const error of errors) context.stderr.write(renderError(error, { colors, debug: Boolean(options.debug) }));
  return errors.length > 0 ? exitCodes.usage : exitCodes.done;
};

async function check(
  context: CliContext,
  folder: string,
  app: string,
  environment: string | undefined,
): Promise<Checked> {
  try {
    const pipeline = await loadPipeline({ projectDir: folder, app });
    const environments = environment === undefined ? pipeline.environments : [environment];
    // Inheritance and overrides can make what is right in parts wrong as a whole.
    const fleets = environments.map((name) => pipeline.fleet(name));
    if (!pipeline.onlyTasks) for (const fleet of fleets) assertNamedLedger(fleet);
    if (pipeline.onlyTasks) return { app, environments, warnings: [] };
    const refused = (await refusedPlaybooks(context, fleets)).map((text) => `ansible.playbook: ${text}`);
    return { app, environments, warnings: [...new Set([...fleets.flatMap(warningsOf), ...refused])] };
  } catch (error) {
    if (error instanceof PipelineError) return { app, error };
    throw error;
  }
}

/** What only a release of the environment needs, and may be missing where this is looked at: on a developer's machine, say. */
function warningsOf(fleet: Fleet): string[] {
  const { app, environment, ansible } = fleet;
  return [
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
function withCollisions(each: Checked[], all: readonly Collision[]): { checked: Checked[]; collisions: Collision[] } {
  const of = (one: Checked) =>
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

function toDocument(one: Checked): Record<string, unknown> {
  return 'error' in one
    ? { app: one.app, ok: false, ...errorDocument(one.error) }
    : { app: one.app, ok: true, environments: one.environments, warnings: one.warnings };
}
