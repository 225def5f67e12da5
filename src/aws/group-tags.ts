import {
  type AutoScalingClient,
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeTagsCommand,
} from '@aws-sdk/client-auto-scaling';
import { observedChange } from './observed.ts';

/** Reads a tag of a group; undefined when the group has no tag with that key. */
export async function readGroupTag(
  autoScaling: AutoScalingClient,
  group: string,
  key: string,
): Promise<string | undefined> {
  const { Tags } = await autoScaling.send(
    new DescribeTagsCommand({
      Filters: [
        { Name: 'auto-scaling-group', Values: [group] },
        { Name: 'key', Values: [key] },
      ],
    }),
  );
  return Tags?.[0]?.Value;
}

/** Tags of several groups, by their names: values by key. One call. */
export async function readGroupTags(
  autoScaling: AutoScalingClient,
  groups: readonly string[],
  keys: readonly string[],
): Promise<Record<string, Record<string, string>>> {
  const { Tags = [] } = await autoScaling.send(
    new DescribeTagsCommand({
      Filters: [
        { Name: 'auto-scaling-group', Values: [...groups] },
        { Name: 'key', Values: [...keys] },
      ],
    }),
  );
  const of = (group: string) => Tags.filter((tag) => tag.ResourceId === group);
  return Object.fromEntries(
    groups.map((group) => [group, Object.fromEntries(of(group).map(({ Key = '', Value = '' }) => [Key, Value]))]),
  );
}

/** Sets tags of several groups with one call, without propagating them to instances. @param groups Values by key, by group. */
export async function setGroupTags(
  autoScaling: AutoScalingClient,
  groups: Readonly<Record<string, Record<string, string>>>,
): Promise<void> {
  const tags = Object.entries(groups).flatMap(([group, values]) =>
    Object.entries(values).map(([Key, Value]) => ({ ...tagOf(group, Key), Value, PropagateAtLaunch: false })),
  );
  await observedChange(
    () => autoScaling.send(new CreateOrUpdateTagsCommand({ Tags: tags })),
    async () => {
      const keys = [...new Set(tags.map((tag) => tag.Key))];
      const now = await readGroupTags(autoScaling, Object.keys(groups), keys);
      return tags.every(({ ResourceId, Key, Value }) => now[ResourceId]?.[Key] === Value);
    },
  );
}

/** Removes tags of several groups with one call; those that a group does not have are not an error. */
export async function deleteGroupTags(
  autoScaling: AutoScalingClient,
  groups: readonly string[],
  keys: readonly string[],
): Promise<void> {
  await observedChange(
    () =>
      autoScaling.send(
        new DeleteTagsCommand({ Tags: groups.flatMap((group) => keys.map((key) => tagOf(group, key))) }),
      ),
    async () =>
      Object.values(await readGroupTags(autoScaling, groups, keys)).every((tags) => !Object.keys(tags).length),
  );
}

const tagOf = (group: string, key: string) => ({ ResourceId: group, ResourceType: 'auto-scaling-group', Key: key });

/** Sets a tag of a group without propagating it to instances; undefined removes the tag. */
export async function setGroupTag(
  autoScaling: AutoScalingClient,
  group: string,
  key: string,
  value: string | undefined,
): Promise<void> {
  const tag = tagOf(group, key);
  await observedChange(
    () =>
      value === undefined
        ? autoScaling.send(new DeleteTagsCommand({ Tags: [tag] }))
        : autoScaling.send(
            new CreateOrUpdateTagsCommand({ Tags: [{ ...tag, Value: value, PropagateAtLaunch: false }] }),
          ),
    async () => (await readGroupTag(autoScaling, group, key)) === value,
  );
}
