import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Surroundings } from '../composition/surroundings.ts';
import { withServices } from '../composition/with-services.ts';
import { collisionFix, findCollisions } from '../config/collisions.ts';
import { loadPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import { projectFleets } from '../config/project.ts';
import type { Fleet } from '../config/settings.ts';
import { diagnose, diagnoseFiles } from '../doctor/diagnose.ts';
import { error, type Finding, ok, runAll } from '../doctor/finding.ts';
import { inEnvironment } from '../doctor/fix-commands.ts';
import type { Diagnosis } from '../doctor/merge-causes.ts';
import { openings } from '../doctor/records.ts';

/** Checks an app and its fleet in an environment; a mistake in its pipelines file is a finding, too. */
export async function diagnoseApp(
  context: Surroundings,
  { projectDir, app, environment }: { projectDir: string; app: string; environment?: string },
): Promise<Diagnosis> {
  try {
    const pipeline = await loadPipeline({ projectDir, app });
    const fleet = pipeline.fleet(environment);
    const taken = findCollisions(await projectFleets(projectDir)).filter(({ fleets }) =>
      fleets.some((one) => one.app === app),
    );
    const names = taken.map(({ text }) => ({
      ...error('config.names', text, collisionFix),
      cause: `config.names ${text}`,
    }));
    const configured = ok('config', `${pipeline.file} is right: ${pipeline.environments.join(', ')}`);
    const found = [configured, ...names, ...(await diagnoseFleet(context, pipeline, fleet))];
    const chosen = choosesItself(pipeline, fleet);
    const findings = chosen
      ? found
      : found.map((one) => (one.fix ? { ...one, fix: inEnvironment(one.fix, fleet.environment) } : one));
    return { about: `${app} in ${fleet.environment}`, findings };
  } catch (reason) {
    return { about: app, findings: [blocked(reason)] };
  }
}

/** What the cloud of the fleet says; where it is not reached at all, what the files say. */
async function diagnoseFleet(context: Surroundings, pipeline: Pipeline, fleet: Fleet): Promise<Finding[]> {
  try {
    return await withServices(context, fleet, (services) =>
      pipeline.onlyTasks
        ? runAll([{ id: 'openings', run: () => openings(services, context.clock, { file: pipeline.app }) }])
        : diagnose(services, context.clock),
    );
  } catch (reason) {
    const cause = blocked(reason);
    return [cause, ...(pipeline.onlyTasks ? [] : await diagnoseFiles({ fleet }))];
  }
}

/** @throws what is a defect of the product */
function blocked(reason: unknown): Finding {
  if (!(reason instanceof PipelineError)) throw reason;
  const message = [reason.message, ...reason.details].join('; ');
  const fix = reason.fix ?? 'pipeline config check';
  const found = error(reason.code, message, fix);
  // The one local cloud of this computer, whichever app it was looked for.
  if (reason.code === 'local.not-running') {
    return { ...found, message: 'the local cloud is not running', cause: reason.code };
  }
  // A file that all apps read, such as environments.ts: the same message with the same fix.
  return { ...found, cause: `${reason.code} ${message} ${fix}` };
}

/** Whether a command without `--env` is about this fleet. */
function choosesItself(pipeline: Pipeline, fleet: Fleet): boolean {
  try {
    return pipeline.fleet().environment === fleet.environment;
  } catch (reason) {
    if (!(reason instanceof PipelineError)) throw reason;
    return false;
  }
}
