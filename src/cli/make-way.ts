import type { RollbackHow, Services } from '../fleet/services.ts';
import { type ReleaseUnderWay, readUnderWay } from '../release/active-release.ts';
import { targetOver } from '../rollback/target-during-release.ts';
import { readStatus } from '../status/read.ts';
import { confirm } from './ask.ts';
import { type Cleared, clearTheWay, findInTheWay, type InTheWay } from './clear-the-way.ts';
import type { CommandOptions } from './command.ts';
import type { CliContext } from './context.ts';
import { describeVersions } from './under-way.ts';

/** Operations that make way for a rollback: a release, and what only has to do with kept images. Others are waited for. */
const yielding = ['release', 'repair', 'refresh-secrets', 'prune', 'pin', 'unpin'];

/** What a rollback was asked for. */
export interface Asked {
  version?: string;
  force: boolean;
  how?: 'auto' | RollbackHow;
}

/** How far a rollback is once the fleet is free. */
export interface Way {
  /** The version to go to; without it the one before what serves by now. */
  version?: string;
  /** The version that a person has agreed to go to, or would be asked to. */
  agreed?: string;
  /** That run, when its end was all that it took: the whole fleet is on the version. */
  back?: Cleared;
  /** With `--dry-run`: what comes before the rollback's own steps, which are `unknown` until that run has ended, or not needed. */
  planned?: { lines: string[]; rest: 'steps' | 'unknown' | 'none' };
}

/**
 * Ends the run that is in the way of a rollback, or what a dead one has left. Before anything is ended, it refuses whatever the
 * rollback would refuse, and asks where an AWS account would be changed.
 * @returns undefined when nothing was in the way
 * @throws PipelineError as {@link targetOver} and {@link confirm} do
 */
export async function makeWay(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  asked: Asked,
): Promise<Way | undefined> {
  const found = await findInTheWay(services, yielding);
  if (!found) return undefined;
  const release = await readUnderWay(services, found.run);
  const target = await targetOver(services, release ?? { moved: false }, asked).catch((error: unknown) => {
    const { app } = services.fleet;
    context.stderr.write(`${whoseWork(found)} was left alone; to end only that: pipeline abort ${app}\n`);
    throw error;
  });
  if (options.dryRun) return { version: target, planned: plannedEnd(found, release, target) };
  if (services.fleet.cloud === 'aws') {
    await confirm(context, options, `end ${whoseWork(found)} and go back to ${target}?`);
  }
  if (release?.moved) {
    const how = asked.how === undefined || asked.how === 'auto' ? '' : `; --how ${asked.how} is for what that leaves`;
    context.stderr.write(`the undo of that run takes ${release.version} out of the traffic${how}\n`);
  }
  const cleared = await clearTheWay(context, services, options, { reason: 'fast-rollback', only: yielding });
  if (!cleared) return { version: asked.version };
  // It may have come further before it saw the request.
  const ended = await readUnderWay(services, cleared.run);
  const undone = ended && (ended.moved || (asked.version !== undefined && asked.version === ended.previous));
  if (!undone) return { version: asked.version, agreed: target };
  const version = await targetOver(services, ended, asked);
  const back = await isBack(services, cleared, version);
  return { version, agreed: target, ...(back && { back: cleared }) };
}

/** What the end of a run does for a rollback, in words. */
function plannedEnd(
  found: InTheWay,
  release: ReleaseUnderWay | undefined,
  target: string,
): NonNullable<Way['planned']> {
  const lines = [`${whoseWork(found)} is ended, and what it changed is put back`];
  if (release) lines.push(describeVersions(release));
  if (!release) return { lines, rest: 'steps' };
  const { moved, previous = 'nothing', version = 'a new version' } = release;
  const back = `it is the way back: ${previous} serves again`;
  if (target === previous) return { lines: [...lines, moved ? back : `${previous} goes on`], rest: 'none' };
  if (!moved) return { lines, rest: 'steps' };
  const then = `then from ${previous} to ${target}; by which way is known when ${version} is out of the traffic`;
  return { lines: [...lines, back, then], rest: 'unknown' };
}

function whoseWork({ run, lock }: InTheWay): string {
  return lock ? `${lock.owner}'s "${lock.command}"` : `what "${run.command}" of ${run.by} has left`;
}

/** Whether the end of that run was all that it takes: every machine with traffic, and what its group launches, is on the version. */
async function isBack(services: Services, { run }: Cleared, version: string): Promise<boolean> {
  if (!['interrupted', 'rolled-back', 'failed'].includes(run.outcome ?? '')) return false;
  const status = await readStatus(services);
  // A group that is kept to switch back to runs the version before that.
  const live = new Set(status.groups.filter((group) => group.share > 0).map((group) => group.name));
  // One that is terminating has no traffic any more.
  const serving = status.instances.filter(
    (instance) => live.has(instance.group) && !instance.lifecycle.startsWith('Terminat'),
  );
  return status.version === version && serving.every((instance) => instance.version === version);
}
