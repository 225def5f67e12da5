import path from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import type { AwsTarget } from '../aws/clients.ts';
import { readGroup } from '../aws/groups.ts';
import { findImageByName, resolveBaseImage } from '../aws/images.ts';
import type { Services } from '../fleet/services.ts';
import { packerBuild } from '../hosts/packer.ts';
import { checkoutProject } from '../hosts/project/checkout.ts';
import { type ProjectRules, planProject } from '../hosts/project/plan.ts';
import { takeSnapshot } from '../hosts/project/snapshot.ts';
import { placeOf } from '../plays/project-files.ts';
import { instantText } from '../shared/instant.ts';

/** How long Packer waits for an image at most, in seconds. */
const imageLimit = 3600;

/** What a build has made. */
export interface BuiltBase {
  imageId: string;
  name: string;
  source: string;
  /** Commit of the project that Packer and its play ran from. */
  projectCommit: string;
  seconds: number;
}

/**
 * Builds the base image in the fleet's region, on what `instance.baseSource` names.
 * @throws PipelineError `image.no-base` when that is not there, and those of {@link packerBuild} and {@link planProject}.
 */
export async function buildBase(
  services: Services & { target: AwsTarget },
  clock: Clock,
  { project = {}, ...watch }: { onLine: (line: string) => void; signal?: AbortSignal; project?: ProjectRules },
): Promise<BuiltBase> {
  const { fleet, aws, target } = services;
  const { instance, ssh } = fleet;
  const began = clock.now();
  const { commit: projectCommit, projectDir } = await projectOf(services, project, watch.signal);
  const source = await resolveBaseImage(aws.ec2, instance.baseSource ?? instance.baseImage);
  const name = `golden-base-${instantText(began).replace(/[-:]|\.\d+/g, '')}`;
  // Packer asks no more often than every whole second.
  const every = Math.max(1, Math.ceil(fleet.release.pollSeconds));
  await packerBuild({
    ...watch,
    projectDir,
    projectCommit,
    workDir: services.workDir,
    variables: {
      name,
      region: target.region,
      endpoint: target.endpoint ?? '',
      source_image: source.imageId,
      created_by: services.by,
      instance_type: instance.type,
      subnet_id: (await builderSubnet(services, watch.onLine)) ?? '',
      ssh_user: ssh.user,
      ssh_port: String(ssh.port),
      become: String(ssh.become),
    },
    env: {
      ...(target.credentials && {
        AWS_ACCESS_KEY_ID: target.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: target.credentials.secretAccessKey,
      }),
      AWS_POLL_DELAY_SECONDS: String(every),
      AWS_MAX_ATTEMPTS: String(Math.ceil(imageLimit / every)),
    },
  });
  const image = await findImageByName(aws.ec2, name);
  if (!image) throw new PipelineError('image.no-base', `Packer finished, but there is no image called ${name}`);
  return { imageId: image.imageId, name, source: source.imageId, projectCommit, seconds: (clock.now() - began) / 1000 };
}

/** A checkout of the project's commit, as for the plays of a release: with the playbook and the template that the project has. */
async function projectOf(
  { fleet, workDir }: Services,
  rules: ProjectRules,
  signal?: AbortSignal,
): Promise<{ commit: string; projectDir: string }> {
  const own = path.join(fleet.projectDir, 'ansible', 'base.yml');
  const place = { ...placeOf(fleet), playbook: own, playbookOptional: true };
  const source = await planProject(place, rules);
  const commit = source.commit ?? (await takeSnapshot(place));
  const { projectDir } = await checkoutProject(place, { commit, parent: workDir, signal });
  return { commit, projectDir };
}

/** Where the builder is: in the configured subnet, else in one of the fleet's group; undefined for the default network. */
async function builderSubnet({ fleet, aws }: Services, say: (line: string) => void): Promise<string | undefined> {
  const [configured] = fleet.instance.subnetIds;
  if (configured !== undefined) return configured;
  try {
    return (await readGroup(aws.autoScaling, fleet.names.group)).subnetIds[0];
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'group.missing') throw error;
    say(
      `there is no group ${fleet.names.group} yet: the builder is in the account's default network; instance.subnetIds names another`,
    );
    return undefined;
  }
}
