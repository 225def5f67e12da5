// The infrastructure app that cdk.json starts: one stack for each fleet of pipelines/*.ts that lives on AWS.
// Usage: npx cdk synth | diff | deploy <app>-<environment>
import { App } from 'aws-cdk-lib';
import { listApps, loadPipeline } from '../src/config/load.ts';
import type { Fleet } from '../src/config/settings.ts';
import { PipelineError } from '../src/shared/errors.ts';
import { addStacks } from './app.ts';

/** Fleets of every environment with `cloud: 'aws'`. */
async function awsFleets(projectDir: string): Promise<Fleet[]> {
  const fleets: Fleet[] = [];
  for (const app of await listApps(projectDir)) {
    const pipeline = await loadPipeline({ projectDir, app });
    if (pipeline.onlyTasks) continue;
    fleets.push(...pipeline.environments.map((name) => pipeline.fleet(name)).filter((fleet) => fleet.cloud === 'aws'));
  }
  return fleets;
}

try {
  const app = new App();
  addStacks(app, await awsFleets(process.cwd()));
  app.synth();
} catch (error) {
  if (!(error instanceof PipelineError)) throw error;
  const hint = error.hint ? [`hint: ${error.hint}`] : [];
  process.stderr.write(
    [`error: ${error.message}`, ...error.details.map((line) => `  ${line}`), ...hint, ''].join('\n'),
  );
  process.exitCode = 2;
}
