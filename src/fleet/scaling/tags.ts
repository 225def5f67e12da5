import { readGroupTag, setGroupTag } from '../../aws/group-tags.ts';
import type { ScaleContext } from './state.ts';

/** Sets a tag of the group, and lets the journal know what it said before; undefined takes it off. */
export async function setTag(context: ScaleContext, key: string, value: string | undefined): Promise<void> {
  const { autoScaling } = context.services.aws;
  const { group } = context.state;
  const was = await readGroupTag(autoScaling, group, key);
  if (was === value) return;
  await context.change(
    { action: 'tag-group', target: group, data: { key, was: was ?? null, value: value ?? null } },
    () => setGroupTag(autoScaling, group, key, value),
  );
}

/** Lets a tag say what it said before this step. */
export async function restoreTag(context: ScaleContext, key: string): Promise<void> {
  // The first change knows what was: a step that was resumed may have made it twice.
  const made = context.changes().filter((one) => one.action === 'tag-group' && one.data.key === key && !one.undoing);
  const [first] = made;
  if (!first) return;
  const now = (await readGroupTag(context.services.aws.autoScaling, context.state.group, key)) ?? null;
  const ours = made.flatMap(({ data }) => [data.was, data.value]);
  // What another run has written since stays; journals of older runs do not tell what they wrote.
  if (!ours.includes(now) && !ours.includes(undefined)) return;
  await setTag(context, key, typeof first.data.was === 'string' ? first.data.was : undefined);
}
