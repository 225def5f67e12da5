import { DeregisterImageCommand } from '@aws-sdk/client-ec2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { readGroup } from '../../src/aws/groups.ts';
import { groupInstances } from '../../src/aws/instances.ts';
import { readTemplateVersion } from '../../src/aws/launch-templates.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { RunRecord } from '../../src/ledger/types.ts';
import { planRelease, type ReleaseOptions } from '../../src/release/plan.ts';
import type { Simulated } from './simulated.ts';

/** Releases the project's head, and keeps the run's record as the command line does. */
export async function releaseRecorded(world: Simulated, options: ReleaseOptions = {}) {
  const runId = createRunId(world.clock);
  const result = await world.run(await planRelease(world.services, world.clock, options), { runId });
  const { version, current } = result.state;
  await recordRun(world, 'release', { id: runId, outcome: result.outcome, version, previous: current?.version });
  return result;
}

export async function recordRun(world: Simulated, operation: string, facts: Partial<RunRecord>): Promise<void> {
  await world.services.ledger.saveRun({
    id: createRunId(world.clock),
    operation,
    app: 'api',
    environment: 'local',
    startedAt: new Date(world.clock.now()).toISOString(),
    by: 'tester',
    host: 'here',
    command: `pipeline ${operation} api`,
    steps: [],
    ...facts,
  });
}

/** Lets hosts answer what they serve: what they are tagged with, from the ledger's commit; or what is set for one. */
export function answering(world: Simulated): Map<string, { version?: string; commit?: string }> {
  const { hosts, ledger, aws, fleet } = world.services;
  const { run } = hosts;
  const others = new Map<string, { version?: string; commit?: string }>();
  hosts.run = async (host, argv, options) => {
    const [program, file = ''] = argv;
    const asked = program === 'readlink' || file.endsWith('/release.json');
    const instance = (await groupInstances(aws.ec2, fleet.names.group)).find((one) => one.id === host.instanceId);
    const built = world.plays.some((play) => play.endsWith(host.instanceId) && !play.startsWith('clean'));
    if (!asked || !instance || built) return run(host, argv, options);
    const version = others.get(host.instanceId)?.version ?? instance.version;
    if (program === 'readlink') return `releases/${version}`;
    const commit = others.get(host.instanceId)?.commit ?? (await ledger.release('api', version ?? ''))?.commit;
    if (commit === undefined) throw new PipelineError('ssh.failed', 'no such file');
    return JSON.stringify({ app: 'api', version, commit });
  };
  return others;
}

/** The image that the group launches now. */
export async function launched(world: Simulated) {
  const { aws, fleet } = world.services;
  const { launchTemplate } = await readGroup(aws.autoScaling, fleet.names.group);
  return readTemplateVersion(aws.ec2, launchTemplate.id, launchTemplate.version);
}

/** Somebody deletes the image that the group launches. */
export async function deleteServingImage(world: Simulated): Promise<string> {
  const { imageId = '' } = await launched(world);
  await world.aws.ec2.send(new DeregisterImageCommand({ ImageId: imageId }));
  return imageId;
}
