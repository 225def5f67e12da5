// The infrastructure app that `pipeline infra` and cdk.json start: one stack for each fleet of pipelines/*.ts on AWS.
// The AWS CDK is an optional peer dependency, so it is loaded only when the configuration is right, and its absence is
// an error with a fix.

import { messageOf, PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { listApps, loadPipeline } from '../src/config/load.ts';
import { everyFleet } from '../src/config/project.ts';
import type { Fleet } from '../src/config/settings.ts';

/** Fleets of every environment with `cloud: 'aws'`. */
async function awsFleets(projectDir: string): Promise<Fleet[]> {
  const apps = await listApps(projectDir);
  const pipelines = await Promise.all(apps.map((app) => loadPipeline({ projectDir, app })));
  return everyFleet(pipelines).filter((fleet) => fleet.cloud === 'aws');
}

async function loadStacks(): Promise<typeof import('./app.ts')> {
  try {
    return await import('./app.ts');
  } catch (error) {
    const missing = /Cannot find package '(aws-cdk-lib|constructs)'/.exec(messageOf(error))?.[1];
    if (missing === undefined) throw error;
    throw usageError(
      'infra.cdk-missing',
      `${missing} is not installed`,
      'npm install --save-dev aws-cdk-lib@2 constructs@10',
    );
  }
}

try {
  const fleets = await awsFleets(process.cwd());
  const { addStacks, createApp } = await loadStacks();
  const app = createApp();
  addStacks(app, fleets);
  app.synth();
} catch (error) {
  if (!(error instanceof PipelineError)) throw error;
  const fix = error.fix ? [`fix: ${error.fix}`] : [];
  process.stderr.write([`error: ${error.message}`, ...error.details.map((line) => `  ${line}`), ...fix, ''].join('\n'));
  process.exitCode = 2;
}
