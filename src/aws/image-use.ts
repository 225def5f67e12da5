import {
  type AutoScalingClient,
  DescribeInstanceRefreshesCommand,
  type LaunchTemplateSpecification,
  type MixedInstancesPolicy,
  paginateDescribeAutoScalingGroups,
} from '@aws-sdk/client-auto-scaling';
import {
  DescribeImageAttributeCommand,
  type EC2Client,
  type LaunchTemplateVersion,
  paginateDescribeImageReferences,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplateVersions,
} from '@aws-sdk/client-ec2';
import { hasEnded } from './refreshes.ts';

/** A launch template version in use. */
export interface TemplateUse {
  templateId: string;
  /** A number, `$Default` or `$Latest`. */
  version: string;
  /** What launches from it, for a person. */
  by: string;
}

/** The image of a launch template version. */
export interface ImageUse {
  imageId: string;
  /** What launches from it, for a person. */
  by: string;
  /** True when a group or refresh uses the version; otherwise it is only the template's default. */
  named: boolean;
}

/**
 * The templates of those groups of `names` that exist: the group's own, and those of a mixed instances policy and its
 * overrides.
 */
export async function groupTemplates(
  autoScaling: AutoScalingClient,
  names: readonly string[],
): Promise<{ name: string; uses: TemplateUse[] }[]> {
  const groups: { name: string; uses: TemplateUse[] }[] = [];
  const pages = paginateDescribeAutoScalingGroups(
    { client: autoScaling },
    // Instances are looked up by image, so they are filtered out to keep the answer small.
    { AutoScalingGroupNames: [...names], IncludeInstances: false },
  );
  for await (const page of pages) {
    for (const group of page.AutoScalingGroups ?? []) {
      const name = group.AutoScalingGroupName ?? '';
      groups.push({ name, uses: templatesIn(`group ${name}`, group.LaunchTemplate, group.MixedInstancesPolicy) });
    }
  }
  return groups;
}

/**
 * The template of an active instance refresh. The group itself keeps the old version until the refresh has finished.
 */
export async function refreshTemplates(autoScaling: AutoScalingClient, group: string): Promise<TemplateUse[]> {
  const { InstanceRefreshes } = await autoScaling.send(
    new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, MaxRecords: 1 }),
  );
  const newest = InstanceRefreshes?.[0];
  if (!newest || hasEnded(newest.Status ?? '')) return [];
  const { LaunchTemplate, MixedInstancesPolicy } = newest.DesiredConfiguration ?? {};
  return templatesIn(`instance refresh of ${group}`, LaunchTemplate, MixedInstancesPolicy);
}

function templatesIn(
  by: string,
  own: LaunchTemplateSpecification | undefined,
  mixed: MixedInstancesPolicy | undefined,
): TemplateUse[] {
  const overrides = (mixed?.LaunchTemplate?.Overrides ?? []).map((one) => one.LaunchTemplateSpecification);
  return [own, mixed?.LaunchTemplate?.LaunchTemplateSpecification, ...overrides].flatMap((one) =>
    // Auto Scaling uses the default version when none is given.
    one?.LaunchTemplateId ? { templateId: one.LaunchTemplateId, version: one.Version ?? '$Default', by } : [],
  );
}

/**
 * Images of launch template versions, with one paged call for each template. `$Default` is always included, since a
 * launch by hand uses it. Parameters of Systems Manager are resolved.
 */
export async function templateImages(ec2: EC2Client, uses: readonly TemplateUse[]): Promise<ImageUse[]> {
  const templates = [...new Set(uses.map((use) => use.templateId))];
  const found = await Promise.all(
    templates.map((id) =>
      imagesOfTemplate(
        ec2,
        id,
        uses.filter((use) => use.templateId === id),
      ),
    ),
  );
  return found.flat();
}

async function imagesOfTemplate(ec2: EC2Client, templateId: string, uses: TemplateUse[]): Promise<ImageUse[]> {
  const Versions = [...new Set([...uses.map((use) => use.version), '$Default'])];
  const versions: LaunchTemplateVersion[] = [];
  const pages = paginateDescribeLaunchTemplateVersions(
    { client: ec2 },
    { LaunchTemplateId: templateId, Versions, ResolveAlias: true },
  );
  for await (const page of pages) versions.push(...(page.LaunchTemplateVersions ?? []));
  // If `$Latest` was requested, it is the highest number in the answer.
  const latest = Math.max(...versions.map((one) => one.VersionNumber ?? 0));
  return versions.flatMap(({ VersionNumber: number = 0, DefaultVersion: isDefault, LaunchTemplateData: data }) => {
    const imageId = data?.ImageId;
    if (!imageId) return [];
    const names = [String(number), ...(isDefault ? ['$Default'] : []), ...(number === latest ? ['$Latest'] : [])];
    const by = new Set(uses.filter((use) => names.includes(use.version)).map((use) => use.by));
    const named = [...by].map((user) => ({ imageId, by: user, named: true }));
    const fallback = { imageId, by: `default version of launch template ${templateId}`, named: false };
    return isDefault && named.length === 0 ? [fallback] : named;
  });
}

/** Maximum number of values in an EC2 filter. */
const maxFilterValues = 200;

/**
 * Instances of each image, in every state but terminated: those of groups and warm pools, in Standby, builders and
 * validation instances, and those launched by hand. One call for each page of 1,000 instances.
 */
export async function instancesByImage(ec2: EC2Client, imageIds: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const some of chunks(imageIds, maxFilterValues)) {
    const pages = paginateDescribeInstances(
      { client: ec2 },
      {
        Filters: [
          { Name: 'image-id', Values: some },
          { Name: 'instance-state-name', Values: ['pending', 'running', 'shutting-down', 'stopping', 'stopped'] },
        ],
        MaxResults: 1000,
      },
    );
    for await (const page of pages) {
      for (const { ImageId: imageId = '', InstanceId: id = '' } of (page.Reservations ?? []).flatMap(
        (reservation) => reservation.Instances ?? [],
      )) {
        found.set(imageId, [...(found.get(imageId) ?? []), id]);
      }
    }
  }
  return found;
}

/** Maximum number of images in one call. */
const maxReferenced = 10;

/**
 * What else in the account and region names these images: launch templates other than `ownTemplates` (in one of their
 * newest 10 versions, which is what EC2 checks), parameters and recipes. ARNs by image.
 */
export async function imageReferences(
  ec2: EC2Client,
  imageIds: readonly string[],
  ownTemplates: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const ImageIds of chunks(imageIds, maxReferenced)) {
    const pages = paginateDescribeImageReferences(
      { client: ec2 },
      {
        ImageIds,
        ResourceTypes: [
          { ResourceType: 'ec2:LaunchTemplate' },
          { ResourceType: 'ssm:Parameter' },
          { ResourceType: 'imagebuilder:ImageRecipe' },
          { ResourceType: 'imagebuilder:ContainerRecipe' },
        ],
      },
    );
    for await (const page of pages) {
      for (const { ImageId: imageId = '', Arn: arn = '' } of page.ImageReferences ?? []) {
        if (!ownTemplates.some((id) => arn.endsWith(`/${id}`))) {
          found.set(imageId, [...(found.get(imageId) ?? []), arn]);
        }
      }
    }
  }
  return found;
}

/** Accounts and organizations that may launch an image besides its owner; `everybody` for a public one. */
export async function sharedWith(ec2: EC2Client, imageId: string): Promise<string[]> {
  const { LaunchPermissions } = await ec2.send(
    new DescribeImageAttributeCommand({ ImageId: imageId, Attribute: 'launchPermission' }),
  );
  return (LaunchPermissions ?? []).flatMap(
    (one) => one.UserId ?? one.OrganizationArn ?? one.OrganizationalUnitArn ?? (one.Group === 'all' ? 'everybody' : []),
  );
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}
