import {
  DescribeInstancesCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  type Instance,
  paginateDescribeInstances,
  RebootInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { isNotFound } from './errors.ts';
import { observedChange } from './observed.ts';
import { setResourceTags } from './resource-tags.ts';
import { tagKeys, tagValue } from './tags.ts';

/** An instance as the pipeline sees it. */
export interface Ec2Instance {
  id: string;
  state: string;
  stateReason?: string;
  address: string;
  imageId: string;
  version?: string;
  /** Run that has switched it in place to another environment. */
  switched?: string;
  /** Milliseconds since the epoch; 0 when unknown. */
  launchedAt: number;
}

function toInstance(instance: Instance): Ec2Instance {
  return {
    id: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'unknown',
    stateReason: instance.StateReason?.Message,
    address: instance.PrivateIpAddress ?? '',
    imageId: instance.ImageId ?? '',
    version: tagValue(instance.Tags, tagKeys.version),
    switched: tagValue(instance.Tags, tagKeys.switched),
    launchedAt: instance.LaunchTime?.getTime() ?? 0,
  };
}

/** True for an instance that is shutting down or terminated. */
export function isEnding({ state }: Ec2Instance): boolean {
  return state === 'shutting-down' || state === 'terminated';
}

/** One instance; undefined when the cloud does not find it, which is normal for some seconds after its launch. */
export async function readInstance(ec2: EC2Client, id: string): Promise<Ec2Instance | undefined> {
  try {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const instance = Reservations?.[0]?.Instances?.[0];
    return instance && toInstance(instance);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Every live instance that a group has launched: one paged call. */
export async function groupInstances(ec2: EC2Client, group: string): Promise<Ec2Instance[]> {
  const instances: Ec2Instance[] = [];
  const pages = paginateDescribeInstances(
    { client: ec2 },
    {
      Filters: [
        { Name: 'tag:aws:autoscaling:groupName', Values: [group] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      ],
      MaxResults: 1000,
    },
  );
  for await (const page of pages) {
    for (const reservation of page.Reservations ?? []) instances.push(...(reservation.Instances ?? []).map(toInstance));
  }
  return instances;
}

/** An instance that exists for one run only. */
export interface HelperInstance {
  id: string;
  /** `builder` or `validation`. */
  role: string;
  run: string;
}

/** Instances of an app in an environment that exist for one run only, and are not terminated. */
export async function helperInstances(ec2: EC2Client, app: string, environment: string): Promise<HelperInstance[]> {
  const { Reservations = [] } = await ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: `tag:${tagKeys.app}`, Values: [app] },
        { Name: `tag:${tagKeys.environment}`, Values: [environment] },
        { Name: `tag:${tagKeys.role}`, Values: ['builder', 'validation'] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      ],
    }),
  );
  return Reservations.flatMap((one) => one.Instances ?? []).map(({ InstanceId = '', Tags }) => ({
    id: InstanceId,
    role: tagValue(Tags, tagKeys.role) ?? '',
    run: tagValue(Tags, tagKeys.run) ?? '',
  }));
}

/**
 * Versions in the tags of an app's instances in an environment, including temporary instances of runs: one paged call.
 */
export async function instanceVersions(ec2: EC2Client, app: string, environment: string): Promise<string[]> {
  const pages = paginateDescribeInstances(
    { client: ec2 },
    {
      Filters: [
        { Name: `tag:${tagKeys.app}`, Values: [app] },
        { Name: `tag:${tagKeys.environment}`, Values: [environment] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
      ],
      MaxResults: 1000,
    },
  );
  const found = new Set<string>();
  for await (const page of pages) {
    for (const { Tags } of (page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? [])) {
      const version = tagValue(Tags, tagKeys.version);
      if (version !== undefined) found.add(version);
    }
  }
  return [...found];
}

/**
 * The instance that was launched with this token, unless it is terminated. It may not be found for some seconds after
 * its launch.
 */
export async function findLaunched(ec2: EC2Client, token: string): Promise<Ec2Instance | undefined> {
  const { Reservations } = await ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'client-token', Values: [token] }] }),
  );
  const found = (Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []).map(toInstance);
  return found.find((instance) => !isEnding(instance));
}

/** Terminates an instance; a missing one is not an error. */
export async function terminateInstance(ec2: EC2Client, id: string): Promise<void> {
  try {
    await observedChange(
      () => ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
      async () => {
        // One that is not shown at all may be new.
        const now = await readInstance(ec2, id);
        return now !== undefined && isEnding(now);
      },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Reboots an instance: its addresses and disks stay. */
export async function rebootInstance(ec2: EC2Client, id: string): Promise<void> {
  await ec2.send(new RebootInstancesCommand({ InstanceIds: [id] }));
}

export async function tagInstance(ec2: EC2Client, id: string, tags: Record<string, string>): Promise<void> {
  await setResourceTags(ec2, [id], tags);
}

/** Maximum number of resources in one CreateTags call. */
const tagBatch = 1000;

/** Writes the same tags on many instances at once, skipping those that the cloud does not find. */
export async function tagInstances(
  ec2: EC2Client,
  ids: readonly string[],
  tags: Record<string, string>,
): Promise<void> {
  for (let from = 0; from < ids.length; from += tagBatch) {
    await tagKnown(ec2, ids.slice(from, from + tagBatch), tags);
  }
}

/**
 * One unknown instance fails the whole CreateTags call, and the error names each: `The instance IDs 'i-1, i-2' do not
 * exist`.
 */
async function tagKnown(ec2: EC2Client, ids: readonly string[], tags: Record<string, string>): Promise<void> {
  if (ids.length === 0) return;
  try {
    await setResourceTags(ec2, ids, tags);
  } catch (error) {
    const unknown = new Set(error instanceof Error && isNotFound(error) ? error.message.match(/\bi-[0-9a-f]+\b/g) : []);
    const known = ids.filter((id) => !unknown.has(id));
    if (known.length === ids.length) throw error;
    await tagKnown(ec2, known, tags);
  }
}

/** The decoded console output; undefined while there is none. */
export async function consoleOutput(ec2: EC2Client, id: string): Promise<string | undefined> {
  const { Output } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
  return Output ? Buffer.from(Output, 'base64').toString('utf8') : undefined;
}
