import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  type Tag,
} from '@aws-sdk/client-ec2';
import { observedChange } from './observed.ts';
import { tagValue, toTags } from './tags.ts';

/** Sets tags of EC2 resources: images, snapshots, instances or rules of security groups. Undefined values are left out. */
export async function setResourceTags(
  ec2: EC2Client,
  ids: readonly string[],
  tags: Record<string, string | undefined>,
): Promise<void> {
  const Tags = toTags(tags);
  await observedChange(
    () => ec2.send(new CreateTagsCommand({ Resources: [...ids], Tags })),
    () => everyOne(ec2, ids, (found) => Tags.every(({ Key, Value }) => tagValue(found, Key) === Value)),
  );
}

/** Removes tags of EC2 resources by their keys; missing ones are not an error. */
export async function removeResourceTags(
  ec2: EC2Client,
  ids: readonly string[],
  keys: readonly string[],
): Promise<void> {
  await observedChange(
    () => ec2.send(new DeleteTagsCommand({ Resources: [...ids], Tags: keys.map((Key) => ({ Key })) })),
    () => everyOne(ec2, ids, (found) => keys.every((key) => tagValue(found, key) === undefined)),
  );
}

async function everyOne(ec2: EC2Client, ids: readonly string[], fits: (tags: Tag[]) => boolean): Promise<boolean> {
  const found = await readTags(ec2, ids);
  return ids.every((id) => fits(found.get(id) ?? []));
}

/** Tags by resource. The calls are those that the product makes anyway: DescribeTags would need one more permission. */
async function readTags(ec2: EC2Client, ids: readonly string[]): Promise<Map<string, Tag[]>> {
  const of = (prefix: string) => ids.filter((id) => id.startsWith(prefix));
  const [images, snapshots, instances, rules] = [of('ami-'), of('snap-'), of('i-'), of('sgr-')];
  const found: [id: string | undefined, tags: Tag[] | undefined][] = [];
  if (images.length > 0) {
    const { Images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: images, IncludeDisabled: true }));
    found.push(...Images.map((one) => [one.ImageId, one.Tags] as [string, Tag[]]));
  }
  if (snapshots.length > 0) {
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: snapshots }));
    found.push(...Snapshots.map((one) => [one.SnapshotId, one.Tags] as [string, Tag[]]));
  }
  if (instances.length > 0) {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: instances }));
    const all = Reservations.flatMap((one) => one.Instances ?? []);
    found.push(...all.map((one) => [one.InstanceId, one.Tags] as [string, Tag[]]));
  }
  if (rules.length > 0) {
    const { SecurityGroupRules = [] } = await ec2.send(
      new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: rules }),
    );
    found.push(...SecurityGroupRules.map((one) => [one.SecurityGroupRuleId, one.Tags] as [string, Tag[]]));
  }
  return new Map(found.map(([id = '', tags = []]) => [id, tags]));
}
