import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Surroundings } from '../composition/surroundings.ts';
import { withServices } from '../composition/with-services.ts';
import { collisionFix, findCollisions } from '../config/collisions.ts';
import { loadPipeline } from '../config/load.ts';
import { projectFleets } from '../config/project.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { error, type Finding, ok, runAll } from '../doctor/finding.ts';
import { openings } from '../doctor/records.ts';

/** Findings about one thing: this computer, or an app in an environment. */
export interface Diagnosis {
  about: string;
  findings: Finding[];
}

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
    const names = taken.map(({ text }) => error('config.names', text, collisionFix));
    const configured = ok('config', `${pipeline.file} is right: ${pipeline.environments.join(', ')}`);
    const findings = await withServices(context, fleet, (services) =>
      pipeline.onlyTasks
        ? runAll([{ id: 'openings', run: () => openings(services, context.clock, { file: app }) }])
        : diagnose(services, context.clock),
    );
    return { about: `${app} in ${fleet.environment}`, findings: [configured, ...names, ...findings] };
  } catch (reason) {
    if (!(reason instanceof PipelineError)) throw reason;
    const message = [reason.message, ...reason.details].join('; ');
    return { about: app, findings: [error(reason.code, message, reason.fix ?? 'pipeline config check')] };
  }
}
