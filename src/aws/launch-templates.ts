import {
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateVersionsCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  type LaunchTemplateInstanceNetworkInterfaceSpecification,
  type LaunchTemplateVersion,
  ModifyLaunchTemplateCommand,
  paginateDescribeLaunchTemplateVersions,
} from '@aws-sdk/client-ec2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { isNotFound } from './errors.ts';
import { observed, observedChange } from './observed.ts';
import { tagKeys, tagValue, toTags } from './tags.ts';

/** One numbered version of a launch template. */
export interface TemplateVersion {
  templateId: string;
  number: string;
  imageId?: string;
  /** The release version in the tags of its instances. */
  release?: string;
  /** Its network interfaces, if any; security groups and subnets are then set on them. */
  interfaces: LaunchTemplateInstanceNetworkInterfaceSpecification[];
}

/**
 * A version by number or `$Latest`/`$Default`, by template name or id.
 * @throws PipelineError `template.missing` when there is no such template.
 */
export async function readTemplateVersion(ec2: EC2Client, nameOrId: string, version: string): Promise<TemplateVersion> {
  const which = nameOrId.startsWith('lt-') ? { LaunchTemplateId: nameOrId } : { LaunchTemplateName: nameOrId };
  try {
    const { LaunchTemplateVersions } = await ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ ...which, Versions: [version] }),
    );
    const found = LaunchTemplateVersions?.[0];
    if (found) {
      const release = releasesOf(found)[0];
      return {
        templateId: found.LaunchTemplateId ?? '',
        number: String(found.VersionNumber),
        imageId: found.LaunchTemplateData?.ImageId,
        ...(release !== undefined && { release }),
        interfaces: found.LaunchTemplateData?.NetworkInterfaces ?? [],
      };
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  throw new PipelineError('template.missing', `there is no launch template ${nameOrId} with a version ${version}`, {
    fix: 'create the fleet first: deploy the infrastructure, or `pipeline local up`',
  });
}

/** Whether instances of a template's version have an instance profile, and so a role. */
export async function hasInstanceProfile(ec2: EC2Client, templateId: string, version: string): Promise<boolean> {
  const { LaunchTemplateVersions } = await ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: templateId, Versions: [version] }),
  );
  const { IamInstanceProfile } = LaunchTemplateVersions?.[0]?.LaunchTemplateData ?? {};
  return Boolean(IamInstanceProfile?.Arn ?? IamInstanceProfile?.Name);
}

/** Release versions by launch template version, from the instance tags: one call for 200 versions. */
export async function templateReleases(ec2: EC2Client, templateId: string): Promise<string[]> {
  const pages = paginateDescribeLaunchTemplateVersions(
    { client: ec2 },
    { LaunchTemplateId: templateId, MaxResults: 200 },
  );
  const found = new Set<string>();
  for await (const { LaunchTemplateVersions = [] } of pages) {
    for (const release of LaunchTemplateVersions.flatMap(releasesOf)) found.add(release);
  }
  return [...found];
}

function releasesOf({ LaunchTemplateData }: LaunchTemplateVersion): string[] {
  return (LaunchTemplateData?.TagSpecifications ?? []).flatMap(({ Tags }) => tagValue(Tags, tagKeys.version) ?? []);
}

/** Description of versions created by the infrastructure; those of releases name app and version. */
export const infrastructureVersion = 'infrastructure';

/**
 * The version from which a new one copies its settings (instance type, volumes, role ...): the newest one that the
 * infrastructure has created since `current`, else `current`. So a change of the infrastructure does not replace
 * instances by itself, and takes effect with the next release.
 */
async function settingsVersion(
  ec2: EC2Client,
  templateId: string,
  current: string,
): Promise<{ source: string; latest: number }> {
  const pages = paginateDescribeLaunchTemplateVersions(
    { client: ec2 },
    { LaunchTemplateId: templateId, MinVersion: current },
  );
  let [newest, latest] = [Number(current), Number(current)];
  for await (const { LaunchTemplateVersions = [] } of pages) {
    for (const { VersionDescription, VersionNumber = 0 } of LaunchTemplateVersions) {
      latest = Math.max(latest, VersionNumber);
      if (VersionDescription === infrastructureVersion) newest = Math.max(newest, VersionNumber);
    }
  }
  return { source: String(newest), latest };
}

/**
 * Adds a version with another image and other instance tags than `sourceVersion`, or than a newer version of the
 * infrastructure.
 * @param token ClientToken: a repeated call returns the same version.
 */
export async function createTemplateVersion(
  ec2: EC2Client,
  request: {
    templateId: string;
    sourceVersion: string;
    imageId: string;
    description: string;
    instanceTags: Record<string, string>;
    token: string;
  },
): Promise<Omit<TemplateVersion, 'interfaces'>> {
  const { templateId, imageId, description } = request;
  const { source, latest } = await settingsVersion(ec2, templateId, request.sourceVersion);
  const command = new CreateLaunchTemplateVersionCommand({
    LaunchTemplateId: templateId,
    SourceVersion: source,
    VersionDescription: description,
    ClientToken: request.token,
    LaunchTemplateData: {
      ImageId: imageId,
      TagSpecifications: [
        { ResourceType: 'instance', Tags: toTags(request.instanceTags) },
        { ResourceType: 'volume', Tags: toTags(request.instanceTags) },
      ],
    },
  });
  const made = await observed(
    async () => (await ec2.send(command)).LaunchTemplateVersion,
    async () => {
      const { LaunchTemplateVersions: [newest] = [] } = await ec2.send(
        new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: templateId, Versions: ['$Latest'] }),
      );
      if (newest?.VersionNumber === undefined || newest.VersionNumber <= latest) return undefined;
      const { ImageId } = newest.LaunchTemplateData ?? {};
      return ImageId === imageId && newest.VersionDescription === description ? newest : undefined;
    },
  );
  return { templateId, number: String(made?.VersionNumber), imageId };
}

/** Sets the default version; only after a successful roll. */
export async function setDefaultVersion(ec2: EC2Client, templateId: string, number: string): Promise<void> {
  await observedChange(
    () => ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateId: templateId, DefaultVersion: number })),
    async () => (await readTemplateVersion(ec2, templateId, '$Default')).number === number,
  );
}

/**
 * Deletes a version; a missing one is not an error. Instances that were launched from it do not change.
 * @throws PipelineError `template.not-deleted` with EC2's reason. EC2 reports such a refusal, e.g. for the default
 * version, in a successful answer.
 */
export async function deleteTemplateVersion(ec2: EC2Client, templateId: string, number: string): Promise<void> {
  const refused = await observed(
    async () =>
      (await ec2.send(new DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId: templateId, Versions: [number] })))
        .UnsuccessfullyDeletedLaunchTemplateVersions ?? [],
    async () => ((await hasVersion(ec2, templateId, number)) ? undefined : []),
  );
  const reason = refused[0]?.ResponseError;
  if (!reason || reason.Code === 'launchTemplateVersionDoesNotExist') return;
  throw new PipelineError(
    'template.not-deleted',
    `version ${number} of launch template ${templateId} is not deleted: ${reason.Message} (${reason.Code})`,
  );
}

async function hasVersion(ec2: EC2Client, templateId: string, number: string): Promise<boolean> {
  const { LaunchTemplateVersions = [] } = await ec2.send(
    // A range, as a version that is named and missing is an error.
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: templateId, MinVersion: number, MaxVersion: number }),
  );
  return LaunchTemplateVersions.length > 0;
}
