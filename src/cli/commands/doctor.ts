import { assertNames, listApps, loadFleet } from '../../config/load.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { Fleet } from '../../config/settings.ts';
import { mergeCauses } from '../../doctor/merge-causes.ts';
import { diagnosePrograms } from '../../doctor/programs.ts';
import { diagnoseApp } from '../../project/diagnose-app.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { noteWaiting } from '../notifications.ts';
import { renderFindings } from '../views/findings.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline doctor [app]`: exit code 1 when something does not work, 0 when there are only warnings. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const folder = projectDir(context, options);
  const apps = app === undefined ? await listApps(folder) : [app];
  await assertNamed(apps, folder, options.env);
  const all = mergeCauses(
    await Promise.all([
      diagnosePrograms(process.versions.node).then((findings) => ({ about: 'this computer', findings })),
      ...apps.map((name) => diagnoseApp(context, { projectDir: folder, app: name, environment: options.env })),
    ]),
  );
  if (options.json) writeJson(context.stdout, all);
  else context.stdout.write(renderFindings(all, colorsFor(useColor(context, options, context.stdout))));
  await noteWaiting(context, await fleetsToNote(apps, folder, options.env));
  const broken = all.some(({ findings }) => findings.some((one) => one.severity === 'error'));
  return broken ? exitCodes.failed : exitCodes.done;
};

/** The fleets that can be read; what is wrong with the others is a finding. */
async function fleetsToNote(apps: readonly string[], projectDir: string, environment?: string): Promise<Fleet[]> {
  const fleets = apps.map((app) => loadFleet({ projectDir, app, environment }).catch(() => undefined));
  return (await Promise.all(fleets)).filter((fleet) => fleet !== undefined);
}

/** What was typed wrong is not a finding. Of all apps, one is enough that has the environment. */
async function assertNamed(apps: readonly string[], projectDir: string, environment?: string): Promise<void> {
  const checks = await Promise.allSettled(apps.map((app) => assertNames({ projectDir, app, environment })));
  const failed = checks.find((one) => one.status === 'rejected');
  if (failed && checks.every((one) => one.status === 'rejected')) throw failed.reason;
}
