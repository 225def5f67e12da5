import { isDeepStrictEqual } from 'node:util';
import { setCapacity, setTemplate } from '../aws/groups.ts';
import { deletePolicy, isOver, isSameAction, type ScheduledAction } from '../aws/scaling-settings.ts';
import type { RunContext } from '../engine/step.ts';
import { readSettings, scaleDownName, setActions, setPolicies, setSuspended } from './group-settings.ts';
import type { GroupSettings, Services } from './services.ts';
import type { Size } from './size-to-restore.ts';

type Context = RunContext<Services, object>;

/**
 * Restores what this run has changed of a group's settings, and nothing else: what has another value than the run gave it was set by
 * somebody else since, and stays with a note.
 * @param size What of its size; `capacity`: limits and desired capacity.
 */
export async function restoreSettings(
  context: Context,
  before: GroupSettings,
  size: 'nothing' | 'capacity',
): Promise<void> {
  const now = await readSettings(context.services.aws, before.name);
  await restoreTemplate(context, now, before);
  if (size === 'capacity') await restoreCapacity(context, now, before);
  await restoreProcesses(context, now, before);
  await restoreActions(context, now, before);
  await restorePolicies(context, now, before);
}

async function restoreTemplate(context: Context, now: GroupSettings, { name, template }: GroupSettings): Promise<void> {
  const given = made(context, name, 'set-template').map((one) => one.data.to);
  if (given.length === 0 || isDeepStrictEqual(now.template, template)) return;
  if (!given.some((one) => isDeepStrictEqual(one, now.template))) {
    return stays(context, `${name} launches from template version ${now.template.version}`);
  }
  await context.change({ action: 'restore-template', target: name, data: { was: now.template, to: template } }, () =>
    setTemplate(context.services.aws.autoScaling, name, template),
  );
}

async function restoreCapacity(context: Context, now: GroupSettings, before: GroupSettings): Promise<void> {
  const { name } = before;
  const given = sizesGiven(context, name);
  // Meanwhile its own end may have come.
  const ended = before.actions.some((one) => one.name === scaleDownName && isOver(one, context.clock.now()));
  if (given.length === 0 && !ended) return;
  const wanted = ended ? { ...before, min: 0, desired: 0 } : before;
  const seen = beforeEmptying(context, now);
  const back = (key: 'min' | 'max') => {
    if (seen[key] === before[key] || given.some((one) => one[key] === seen[key])) return wanted[key];
    stays(context, `${key}imum of ${name} is ${seen[key]}`);
    return seen[key];
  };
  const min = back('min');
  // Auto Scaling refuses others.
  const max = Math.max(back('max'), min);
  // Its instances are of this run. What has scaled them meanwhile has scaled the traffic, which the other group has now.
  const desired = Math.min(Math.max(wanted.desired, min), max);
  if (now.min === min && now.max === max && now.desired === desired) return;
  await context.change({ action: 'restore-capacity', target: name, data: { min, max, desired } }, () =>
    setCapacity(context.services.aws.autoScaling, name, { min, max, desired }),
  );
}

/** All sizes that this run has given a group, its undo and the end that it has scheduled included. */
function sizesGiven(context: Context, name: string): Size[] {
  return context.changesOfRun().flatMap(({ action, target, data }) => {
    if (target !== name) return [];
    if (action === 'empty-group') return { min: 0, desired: 0 };
    if (action === 'hold-minimum') return { min: Number(data.min) };
    if (action === 'restore-minimum') return { min: Number(data.to) };
    if (action === 'put-scheduled-actions') return data.actions as Size[];
    if (['set-capacity', 'set-limits', 'restore-limits', 'restore-capacity'].includes(action)) return data as Size;
    return [];
  });
}

/** The limits that a group had before this undo ended its instances. */
function beforeEmptying(context: Context, now: GroupSettings): { min: number; max: number } {
  const emptied = context
    .changesOfRun()
    .find((one) => one.action === 'empty-group' && one.target === now.name && one.undoing);
  const was = emptied?.data.was as Required<Size> | undefined;
  return { min: was && now.min === 0 ? was.min : now.min, max: now.max };
}

/** Only those that this run has suspended or resumed: others are suspended by whoever needs that. */
async function restoreProcesses(context: Context, now: GroupSettings, before: GroupSettings): Promise<void> {
  const { name, suspended } = before;
  const touched = made(context, name, 'suspend-processes', 'resume-processes').flatMap(
    ({ data }) => (data.suspended ?? data.resumed) as string[],
  );
  const others = now.suspended.filter((process) => !touched.includes(process));
  await setSuspended(context, name, now.suspended, [
    ...others,
    ...suspended.filter((process) => touched.includes(process)),
  ]);
}

async function restoreActions(context: Context, now: GroupSettings, before: GroupSettings): Promise<void> {
  const { name } = before;
  const put = made(context, name, 'put-scheduled-actions').flatMap(({ data }) => data.actions as ScheduledAction[]);
  const deleted = made(context, name, 'delete-scheduled-actions').flatMap(({ data }) => data.names as string[]);
  const find = (settings: GroupSettings, action: string) => settings.actions.find((one) => one.name === action);
  const ours = [...new Set([...put.map((one) => one.name), ...deleted])].filter((action) => {
    const live = find(now, action);
    const known = [...put, ...before.actions].filter((one) => one.name === action);
    if (!live || known.some((one) => isSameAction(one, live))) return true;
    stays(context, `scheduled action ${action} of ${name} is another one`);
    return false;
  });
  const others = now.actions.filter((one) => !ours.includes(one.name));
  const back = ours.flatMap((action) => {
    const [live, was] = [find(now, action), find(before, action)];
    return live && was && isSameAction(live, was) ? live : (was ?? []);
  });
  await setActions(context, name, now.actions, [...others, ...back]);
}

async function restorePolicies(context: Context, now: GroupSettings, before: GroupSettings): Promise<void> {
  const { name } = before;
  const puts = context.changesOfRun().filter((one) => one.action === 'put-policy' && !one.undoing);
  const names = puts.flatMap(({ target }) => (target.startsWith(`${name}/`) ? target.slice(name.length + 1) : []));
  for (const policy of new Set(names)) {
    const live = now.policies.find((one) => one.name === policy);
    const was = before.policies.find((one) => one.name === policy);
    const given = puts.filter((one) => one.target === `${name}/${policy}`).map((one) => one.data.settings);
    const known = [...given, was?.settings];
    // Journals from before it was kept do not tell what the run gave it.
    if (
      live &&
      !given.includes(undefined) &&
      !known.some((one) => isDeepStrictEqual(plain(one), plain(live.settings)))
    ) {
      stays(context, `scaling policy ${policy} of ${name} has other settings`);
    } else if (was) await setPolicies(context, name, now.policies, [was]);
    else if (live) {
      await context.change({ action: 'delete-policy', target: `${name}/${policy}` }, () =>
        deletePolicy(context.services.aws.autoScaling, name, policy),
      );
    }
  }
}

/** As the journal keeps it. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

function made(context: Context, target: string, ...actions: string[]) {
  return context.changesOfRun().filter((one) => !one.undoing && one.target === target && actions.includes(one.action));
}

/** Says that something is left as it is. */
function stays(context: Context, what: string): void {
  context.note(`${what}, which this run did not set: it stays`);
}
