import { doNotExist } from '../ec2/errors.ts';
import { imageNotFound } from '../ec2/images/lookup.ts';
import type { CloudState } from '../model.ts';
import { account } from '../settings.ts';
import { CloudError } from '../wire/handler.ts';

export type Document = Record<string, unknown>;

/** Where an answer lists things of a kind. */
export interface Listing {
  field: string;
  /** The list within each item of the list, as of instances in reservations. */
  inner?: string;
  /** Field of an item with the id of the thing. */
  id: string;
}

/** One kind of thing of EC2 that may not be found while it is new. */
export interface Kind {
  /** What its ids begin with, without the dash. */
  prefix: string;
  /** When a thing was made; undefined when it is not new, or unknown. */
  madeAt(state: CloudState, id: string): number | undefined;
  /** Ids of the things that a name means, and the fields of requests that carry names. */
  named?: { fields: readonly string[]; find(state: CloudState, name: string): string[] };
  /** By operation. */
  lists: Readonly<Record<string, Listing>>;
  notFound(ids: string[]): CloudError;
}

const templateId = 'LaunchTemplateId';

export const kinds: readonly Kind[] = [
  {
    prefix: 'ami',
    madeAt: ({ images }, id) => (images[id]?.name === account.baseImageName ? undefined : images[id]?.createdAt),
    lists: { DescribeImages: { field: 'Images', id: 'ImageId' } },
    notFound: imageNotFound,
  },
  {
    prefix: 'i',
    // A start sets the launch time anew: what has run before is not new.
    madeAt: ({ instances }, id) => (instances[id]?.hasRun ? undefined : instances[id]?.launchTime),
    lists: {
      DescribeInstances: { field: 'Reservations', inner: 'Instances', id: 'InstanceId' },
      DescribeInstanceStatus: { field: 'InstanceStatuses', id: 'InstanceId' },
    },
    // All of them, as programs leave those out that the message names.
    notFound: (ids) => new CloudError('InvalidInstanceID.NotFound', doNotExist('instance', ids)),
  },
  {
    prefix: 'snap',
    madeAt: ({ snapshots }, id) => snapshots[id]?.startTime,
    lists: { DescribeSnapshots: { field: 'Snapshots', id: 'SnapshotId' } },
    notFound: ([id]) => new CloudError('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`),
  },
  {
    prefix: 'lt',
    madeAt: ({ launchTemplates }, id) => launchTemplates[id]?.createdAt,
    named: {
      fields: ['LaunchTemplateName', 'LaunchTemplateNames'],
      find: ({ launchTemplates }, name) => idsOf(launchTemplates, (one) => one.name === name),
    },
    lists: {
      DescribeLaunchTemplates: { field: 'LaunchTemplates', id: templateId },
      DescribeLaunchTemplateVersions: { field: 'LaunchTemplateVersions', id: templateId },
    },
    notFound: ([id]) =>
      new CloudError(
        'InvalidLaunchTemplateId.NotFound',
        `The specified launch template, with template ID ${id}, does not exist.`,
      ),
  },
  {
    prefix: 'key',
    madeAt: ({ keyPairs }, id) => keyPairs[id]?.createdAt,
    named: {
      fields: ['KeyName', 'KeyNames'],
      find: ({ keyPairs }, name) => idsOf(keyPairs, (one) => one.name === name),
    },
    lists: { DescribeKeyPairs: { field: 'KeyPairs', id: 'KeyPairId' } },
    notFound: ([id]) => new CloudError('InvalidKeyPair.NotFound', `The key pair '${id}' does not exist`),
  },
  {
    prefix: 'sg',
    madeAt: ({ securityGroups }, id) => securityGroups[id]?.createdAt,
    named: {
      fields: ['GroupName', 'GroupNames', 'SecurityGroups'],
      find: ({ securityGroups }, name) => idsOf(securityGroups, (one) => one.name === name),
    },
    lists: {
      DescribeSecurityGroups: { field: 'SecurityGroups', id: 'GroupId' },
      DescribeSecurityGroupRules: { field: 'SecurityGroupRules', id: 'GroupId' },
    },
    notFound: ([id]) => new CloudError('InvalidGroup.NotFound', `The security group '${id}' does not exist`),
  },
];

/** Operations that make what they name, or do not mind when it is not there. */
const exempt = new Set([
  ...['CreateKeyPair', 'ImportKeyPair', 'DeleteKeyPair', 'CreateLaunchTemplate', 'CreateSecurityGroup'],
]);

/** Fields whose texts name nothing that EC2 looks for: what describes a thing, what is searched for, what a later launch looks up. */
const passive = new Set([
  ...['Tags', 'TagSpecifications', 'Filters', 'LaunchTemplateData'],
  ...['ClientToken', 'Description', 'Name', 'UserData', 'VersionDescription'],
]);

/** Ids of the things of a kind that a request names, each once, by id or by name. */
export function askedFor(kind: Kind, state: CloudState, operation: string, input: unknown): string[] {
  if (exempt.has(operation)) return [];
  const found = new Set<string>();
  const walk = (value: unknown, field: string): void => {
    if (typeof value === 'string') {
      if (value.startsWith(`${kind.prefix}-`)) found.add(value);
      if (kind.named?.fields.includes(field)) for (const id of kind.named.find(state, value)) found.add(id);
    } else if (Array.isArray(value)) {
      for (const item of value) walk(item, field);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) if (!passive.has(key)) walk(item, key);
    }
  };
  walk(input, '');
  return [...found];
}

function idsOf<Row>(table: Record<string, Row>, fits: (row: Row) => boolean): string[] {
  return Object.entries(table).flatMap(([id, row]) => (fits(row) ? [id] : []));
}
