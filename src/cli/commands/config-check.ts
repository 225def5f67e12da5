import { usageError } from '@golden-pipeline/shared/errors';
import { listApps, unreadFiles } from '../../config/load.ts';
import { projectDir } from '../../config/project-dir.ts';
import { type CheckedApp, checkConfiguration } from '../../project/check-config.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { errorDocument, renderError } from '../views/errors.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor, printable } from '../views/text.ts';

/** `pipeline config check [app]`: every mistake in every file at once, and what a release of an environment would lack as warnings. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const folder = projectDir(context, options);
  const apps = app === undefined ? await listApps(folder) : [app];
  const unread = app === undefined ? await unreadFiles(folder) : [];
  if (apps.length === 0) {
    throw usageError(
      'config.no-pipelines',
      `there is no pipelines/*.ts in ${folder}`,
      'write one: pipeline init; or by hand (golden-pipeline/docs/configuration.md)',
      unread,
    );
  }
  const { checked, errors } = await checkConfiguration(context, { projectDir: folder, apps, environment: options.env });
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
  for (const error of errors) context.stderr.write(renderError(error, { colors, debug: Boolean(options.debug) }));
  return errors.length > 0 ? exitCodes.usage : exitCodes.done;
};

function toDocument(one: CheckedApp): Record<string, unknown> {
  return 'error' in one
    ? { app: one.app, ok: false, ...errorDocument(one.error) }
    : { app: one.app, ok: true, environments: one.environments, warnings: one.warnings };
}
