import { PipelineError } from '@golden-pipeline/shared/errors';
import { withServices } from '../../composition/with-services.ts';
import { collisionHint, findCollisions } from '../../config/collisions.ts';
import { listApps, loadPipeline } from '../../config/load.ts';
import { projectFleets } from '../../config/project.ts';
import { diagnose } from '../../doctor/diagnose.ts';
import { error, type Finding, ok, takeAll } from '../../doctor/finding.ts';
import { openings } from '../../doctor/records.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, projectDir, useColor } from '../context.ts';
import { diagnoseMachine } from '../doctor-machine.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderFindings } from '../views/findings.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';

/** Findings about one thing: this machine, or an app in an environment. */
export interface Diagnosis {
  about: string;
  findings: Finding[];
}

/** `pipeline doctor [app]`: exit code 1 when something does not work, 0 when there are only warnings. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const folder = projectDir(context, options);
  const apps = app === undefined ? await listApps(folder) : [app];
  const all: Diagnosis[] = await Promise.all([
    diagnoseMachine().then((findings) => ({ about: 'this machine', findings })),
    ...apps.map((name) => diagnoseApp(context, options, folder, name)),
  ]);
  if (options.json) writeJson(context.stdout, all);
  else context.stdout.write(renderFindings(all, colorsFor(useColor(context, options, context.stdout))));
  const broken = all.some(({ findings }) => findings.some((one) => one.severity === 'error'));
  return broken ? exitCodes.failed : exitCodes.done;
};

async function diagnoseApp(
  context: CliContext,
  options: CommandOptions,
  folder: string,
  app: string,
): Promise<Diagnosis> {
  try {
    const pipeline = await loadPipeline({ projectDir: folder, app });
    const fleet = pipeline.fleet(options.env);
    const taken = findCollisions(await projectFleets(folder)).filter(({ fleets }) =>
      fleets.some((one) => one.app === app),
    );
    const names = taken.map(({ text }) => error('config.names', text, collisionHint));
    const configured = ok('config', `${pipeline.file} is right: ${pipeline.environments.join(', ')}`);
    const findings = await withServices(context, fleet, (services) =>
      pipeline.onlyTasks
        ? takeAll([{ id: 'openings', run: () => openings(services, context.clock, { file: app }) }])
        : diagnose(services, context.clock),
    );
    return { about: `${app} in ${fleet.environment}`, findings: [configured, ...names, ...findings] };
  } catch (reason) {
    if (!(reason instanceof PipelineError)) throw reason;
    const message = [reason.message, ...reason.details].join('; ');
    return { about: app, findings: [error(reason.code, message, reason.hint ?? 'pipeline config check')] };
  }
}
