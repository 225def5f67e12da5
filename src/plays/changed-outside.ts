import path from 'node:path';
import { releaseRoot } from '../fleet/release-root.ts';
import type { ContextWith } from '../fleet/services.ts';
import { terminateBakeInstance } from '../fleet/terminate-host.ts';
import type { ReleaseAction, TaskChange } from '../hosts/types.ts';
import type { PlayFacts } from './facts.ts';
import { harmless } from './playbook/harmless.ts';
import { differenceToOwn, ownRole } from './playbook/own-role.ts';

type Context = ContextWith<PlayFacts>;

/**
 * Plays, and journals what that has changed on the bake instance beside the release's own folder. Where the host was detached first, that the
 * play has begun is journaled before it: a process that dies meanwhile does not know what it has changed.
 * @param play Is given what is to be called with the changes; it may reject.
 */
export async function keepingChanges(
  context: Context,
  action: ReleaseAction,
  play: (onChanges: (changes: TaskChange[]) => void) => Promise<void>,
): Promise<void> {
  const { bake, detachFirst, changedOutside: before = [] } = context.state;
  if (bake !== 'detach') return play(() => undefined);
  const begun = `the play of ${action}, which has not ended`;
  if (detachFirst) await context.save({ changedOutside: [...before.filter((one) => one !== begun), begun] });
  let changes: TaskChange[] | undefined;
  try {
    await play((made) => {
      changes = made;
    });
  } finally {
    // Without a word of what it has changed, the play has not begun.
    const found = [...before, ...(await outside(context, action, changes ?? []))];
    if (detachFirst || found.length > before.length) {
      await context.save({ changedOutside: found.length > 0 ? found : undefined });
    }
  }
}

/** What of the changes goes beyond the folder of the release, a line each. */
async function outside(context: Context, action: ReleaseAction, changes: TaskChange[]): Promise<string[]> {
  const folder = `${releaseRoot(context.services.fleet)}/releases/${context.state.version}`;
  const found: string[] = [];
  // Where the host still serves, the playbook was seen to hold nothing else; a plugin that says less than that is an older copy.
  const known = context.state.detachFirst ? changes : changes.filter((change) => change.module !== undefined);
  for (const change of known) {
    if (await isOutside(change, folder)) found.push(describe(change, action));
  }
  return found;
}

async function isOutside({ module = '', role, folder = '', paths }: TaskChange, own: string): Promise<boolean> {
  if (harmless({ module })) return false;
  if (ownRole(role) === 'release' && (await differenceToOwn('release', folder)) === undefined) return false;
  return paths.length === 0 || !paths.every((one) => isWithin(one, own));
}

function isWithin(file: string, folder: string): boolean {
  const whole = path.posix.normalize(file);
  return whole === folder || whole.startsWith(`${folder}/`);
}

function describe({ task, module, role, paths, how }: TaskChange, action: ReleaseAction): string {
  const name = role === undefined ? task : `${role} : ${task}`;
  const of = module === undefined ? '' : ` (${module})`;
  const at = paths.length > 0 ? ` at ${paths.join(', ')}` : '';
  return `${action}: "${name}"${of}${at}${how === 'changed' ? '' : `, ${how}`}`;
}

/** Terminates a host on which plays have changed more than the release's own folder: no undo takes that back. */
export async function terminateChangedInstance(context: Context): Promise<void> {
  const { host, changedOutside = [], version } = context.state;
  if (!host) return;
  const [first, ...more] = changedOutside;
  const rest = more.length > 0 ? `, and ${more.length} more` : '';
  context.note(`plays of ${version} have changed ${host.instanceId} itself (${first}${rest}): it is terminated`);
  await terminateBakeInstance(context);
}
