import { isDeepStrictEqual } from 'node:util';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { deleteGroupTags, readGroupTag, readGroupTags, setGroupTags } from '../aws/group-tags.ts';
import { tagKeys } from '../aws/tags.ts';
import type { RunContext } from '../engine/step.ts';
import type { GroupFacts } from './leftovers/leftover.ts';
import { readStandings } from './leftovers/run-standing.ts';
import { readFleetGroups } from './observe.ts';
import { type PriorState, priorKeys, priorTags, readPrior } from './prior-state.ts';
import type { Services } from './services.ts';

type Context = RunContext<Services, object>;

/**
 * The run that the fleet's group is tagged with, if this ledger does not know it. One that it knows is kept away by the lock while it is
 * active; else it was interrupted, and its tag is replaced.
 */
async function unknownRun({ fleet, aws, ledger }: Services, own: string): Promise<string | undefined> {
  const run = await readGroupTag(aws.autoScaling, fleet.names.group, tagKeys.run);
  if (run === undefined || run === own) return undefined;
  return (await ledger.run(run)) === undefined ? run : undefined;
}

/** @throws PipelineError `fleet.claimed` while a run of another ledger is active on the fleet, as far as the tag of its group tells */
export async function assertUnclaimed({
  services,
  run,
}: Pick<Context, 'services'> & { run: Pick<Context['run'], 'id'> }): Promise<void> {
  const other = await unknownRun(services, run.id);
  if (other === undefined) return;
  const { app, environment } = services.fleet;
  throw new PipelineError(
    'fleet.claimed',
    `run ${other}, which this ledger does not know, is active on ${app} in ${environment}`,
    {
      fix: `wait for it, and use the ledger that it uses; if it is certain that it is over: pipeline repair ${app} --lost-run ${other}`,
    },
  );
}

/**
 * Tags the fleet's groups with this run and with what they are before it, and reads the tag again: of two runs that do so at once, the
 * later one goes on. Repeatable. To be called before the first change of a group.
 * @throws as {@link assertUnclaimed}; PipelineError `fleet.unreadable-tag`
 */
export async function claimFleet(context: Context): Promise<void> {
  await assertUnclaimed(context);
  await tagGroups(context);
  await assertUnclaimed(context);
}

/** The same for what must never wait: that a run of another ledger may be active, or that a group cannot be tagged, is only noted. */
export async function tryClaimFleet(context: Context): Promise<void> {
  const { group } = context.services.fleet.names;
  const untagged = (reason: unknown) =>
    context.note(
      `${group} could not be tagged with this run, so only its journal tells what was before: ${messageOf(reason)}`,
    );
  let other: string | undefined;
  try {
    other = await unknownRun(context.services, context.run.id);
  } catch (error) {
    context.signal.throwIfAborted();
    // One call that fails has taken long enough.
    return untagged(error);
  }
  if (other !== undefined) {
    context.note(
      `run ${other}, which this ledger does not know, may be active on the fleet, too: ${group} carries its tag`,
    );
    return;
  }
  try {
    await tagGroups(context);
  } catch (error) {
    context.signal.throwIfAborted();
    untagged(error);
  }
}

/**
 * Takes over the tags of an unfinished run, with all that they say: for a run that restores what they say. Those of a run that is over tell
 * nothing any more, and are removed. Groups without tags stay so.
 * @param groups As they were seen just now; none may have the tags of an unknown run
 */
export async function takeClaimOver(
  context: Context,
  groups: readonly Pick<GroupFacts, 'group' | 'run'>[],
): Promise<void> {
  const { autoScaling } = context.services.aws;
  const over = groups.filter((one) => one.run?.standing === 'over').map((one) => one.group);
  if (over.length > 0) {
    await context.change({ action: 'remove-tags', target: over.join(' ') }, () =>
      deleteGroupTags(autoScaling, over, priorKeys),
    );
  }
  const taken = groups.filter(({ run }) => run?.standing === 'unfinished' && run.id !== context.run.id);
  const wanted = Object.fromEntries(taken.map(({ group }) => [group, { [tagKeys.run]: context.run.id }]));
  if (taken.length > 0) await setTags(context, wanted);
}

/** Takes this run's tags off the groups; those of another run stay. The last change of a run. */
export async function releaseClaim(context: Context): Promise<void> {
  const { autoScaling } = context.services.aws;
  const tags = await readGroupTags(autoScaling, groupsOf(context.services), priorKeys);
  const own = Object.keys(tags).filter((group) => tags[group]?.[tagKeys.run] === context.run.id);
  if (own.length === 0) return;
  await context.change({ action: 'release-claim', target: own.join(' ') }, () =>
    deleteGroupTags(autoScaling, own, priorKeys),
  );
}

/** The same before the end of a run, where a failure must undo nothing: it is noted, and tried again at the end unless that is exit code 4. */
export async function tryReleaseClaim(context: Context): Promise<void> {
  try {
    await releaseClaim(context);
  } catch (error) {
    context.signal.throwIfAborted();
    const { app } = context.services.fleet;
    context.note(
      `the tags of this run could not be removed yet (${messageOf(error)}); if they stay: pipeline repair ${app}`,
    );
  }
}

/** The groups of a fleet, by name. */
export function groupsOf({ fleet: { names, release } }: Pick<Services, 'fleet'>): string[] {
  return release.strategy === 'blue-green' ? [names.group, names.greenGroup] : [names.group];
}

/**
 * What an unfinished run has left is not what was before: the size and the processes that its tags tell are kept. The tags of a run that is
 * over tell nothing any more. Where the traffic comes from is read from the listener.
 */
async function tagGroups(context: Context): Promise<void> {
  const { services, run } = context;
  const { live, idle, share } = await readFleetGroups(services);
  const seen = [
    { ...live, weight: Math.round(share * 100) },
    ...(idle ? [{ ...idle, weight: Math.round((1 - share) * 100) }] : []),
  ];
  const names = seen.map((one) => one.group);
  const tags = await readGroupTags(services.aws.autoScaling, names, priorKeys);
  const runOf = (group: string) => tags[group]?.[tagKeys.run] ?? '';
  const source = { history: services, app: run.app, trusted: [run.id] };
  const standing = await readStandings(source, names.map(runOf).filter(Boolean));
  const wanted = seen.map(({ group, weight, seen: { min, max, desired, suspended, instances } }) => {
    const standby = instances.filter((one) => /Standby$/.test(one.lifecycle)).map((one) => one.id);
    const isOver = runOf(group) !== '' && standing(runOf(group)) === 'over';
    const before = isOver ? undefined : readPrior(group, tags[group] ?? {});
    // A run that is continued has moved the traffic itself.
    if (before?.run === run.id) return [group, priorTags(before)] as const;
    const now: PriorState = {
      run: run.id,
      operation: run.operation,
      size: { min, max, desired },
      suspended,
      standby,
      weight,
    };
    return [group, priorTags(before ? { ...before, run: run.id, operation: run.operation, weight } : now)] as const;
  });
  const same = wanted.every(([group, values]) => isDeepStrictEqual(values, tags[group]));
  if (!same) await setTags(context, Object.fromEntries(wanted));
}

async function setTags(context: Context, groups: Record<string, Record<string, string>>): Promise<void> {
  const { autoScaling } = context.services.aws;
  await context.change({ action: 'claim-fleet', target: context.services.fleet.names.group, data: { groups } }, () =>
    setGroupTags(autoScaling, groups),
  );
}
