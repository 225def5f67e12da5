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

/** Sets a tag of a group without propagating it to instances; undefined removes the tag. */
export async function setGroupTag(
  autoScaling: AutoScalingClient,
  group: string,
  key: string,
  value: string | undefined,
): Promise<void> {
  const tag = { ResourceId: group, ResourceType: 'auto-scaling-group', Key: key };
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
