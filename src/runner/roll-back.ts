import type { VersionMove } from '../engine/operation.ts';
import type { Plan } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import { rollbackHooks, rollbackOperation } from '../rollback/operation.ts';
import { planRollback, type RollbackOptions, rollbackName } from '../rollback/plan.ts';
import type { RollbackState } from '../rollback/state.ts';
import { targetDuringRelease } from '../rollback/target-during-release.ts';
import { readStatus } from '../status/read.ts';
import { afterEndOf, doAfterEnd, withHooksLast } from './after-end.ts';
import { type BlockingRun, findBlockingRun, readMove } from './find-blocking-run.ts';
import type { RunnerContext } from './ports.ts';
import { type EndedRun, preempt } from './preempt.ts';
import { type RunReport, runOperation } from './run-operation.ts';

/** A rollback that first ends another run. */
export interface Preemption {
  blocking: BlockingRun;
  /** What the blocking run has done to the traffic; undefined for one that brings no version. */
  move?: VersionMove;
  /** The version that the rollback goes to, as far as is known before that run has ended. */
  target: string;
}

/** How a rollback went. */
export type RollbackReport =
  | { by: 'rollback'; report: RunReport<RollbackState> }
  /** Undoing the blocking run was enough: the whole fleet serves the version. */
  | { by: 'preemption'; ended: EndedRun; serving: string };

/** What a rollback would do, for `--dry-run`. */
export interface RollbackPreview {
  preemption?: Preemption;
  /** Absent where undoing the blocking run is enough, or where the method is known only after that. */
  plan?: Plan<Services, RollbackState>;
}

/**
 * Rolls back, whatever blocks it: a release is ended first, and so is a run that only works on kept images; what a crashed one of them
 * has left is undone. The hooks of what was ended here run last of all. Before anything is ended, it refuses whatever the rollback would refuse, and asks where an AWS account would be
 * changed.
 * @throws PipelineError as {@link planRollback} and {@link runOperation} do
 */
export async function rollBack(
  context: RunnerContext,
  services: Services,
  request: RollbackOptions,
): Promise<RollbackReport> {
  return withHooksLast(context, (own) => rollBackFirst(own, services, request));
}

async function rollBackFirst(
  context: RunnerContext,
  services: Services,
  request: RollbackOptions,
): Promise<RollbackReport> {
  const { app, environment } = services.fleet;
  const preemption = await decidePreemption(context, services, request);
  const next = preemption ? await carryOut(context, services, request, preemption) : { version: request.version };
  if (next.enough && next.version !== undefined) {
    await doRollbackHooks(context, services, next.enough, next.version);
    return { by: 'preemption', ended: next.enough, serving: next.version };
  }
  const supersede = request.supersede === true || preemption !== undefined;
  const plan = await planRollback(services, context.clock, { ...request, version: next.version, supersede });
  const { version } = plan.initial;
  const report = await runOperation(context, {
    operation: rollbackOperation,
    services,
    plan,
    // Nobody is prompted twice for the same.
    ...(next.agreed !== version && { question: `roll back ${app} in ${environment} to ${version}?` }),
  });
  return { by: 'rollback', report };
}

/** A rollback has finished, also where it needed no run of its own; its hooks get the run that was ended for it. */
async function doRollbackHooks(
  context: RunnerContext,
  services: Services,
  { run: { id, version: previous } }: EndedRun,
  version: string,
): Promise<void> {
  const hooks = (commit?: string) => rollbackHooks(services, { version, commit, previous });
  if (!hooks()) return;
  // The rollback is done, and its hooks are not kept back, where its release cannot be read.
  const release = await services.ledger.release(services.fleet.app, version).catch(() => undefined);
  const work = hooks(release?.commit);
  if (work) await doAfterEnd(context, afterEndOf(context, services, { operation: rollbackName, run: id }, work));
}

/** Plans a rollback, and what comes before it: only reads. @throws PipelineError as {@link rollBack} does */
export async function previewRollback(
  context: RunnerContext,
  services: Services,
  request: RollbackOptions,
): Promise<RollbackPreview> {
  const preemption = await decidePreemption(context, services, request, true);
  if (!preemption) return { plan: await planRollback(services, context.clock, request) };
  const { move, target } = preemption;
  const enough = move !== undefined && target === move.previous;
  if (enough || move?.moved) return { preemption };
  const plan = await planRollback(services, context.clock, { ...request, version: target, supersede: true });
  return { preemption, plan };
}

/** Finds what a rollback would have to end, and decides where it then goes to: only reads. */
async function decidePreemption(
  context: RunnerContext,
  services: Services,
  request: RollbackOptions,
  preview = false,
): Promise<Preemption | undefined> {
  const blocking = await findBlockingRun(context, services, { preview });
  if (!blocking?.operation?.preemptible) return undefined;
  const move = await blocking.versionMove();
  try {
    const target = await targetDuringRelease(services, move ?? { moved: false }, request);
    return { blocking, ...(move && { move }), target };
  } catch (error) {
    context.reporter.report({ code: 'rollback.refused', app: services.fleet.app, blocking });
    throw error;
  }
}

/** What remains of a rollback once the blocking run has ended. */
interface Remainder {
  /** The version to go to; without it the one before what serves by now. */
  version?: string;
  /** The version that a person has agreed to go to. */
  agreed?: string;
  /** The run that has ended, when that was enough. */
  enough?: EndedRun;
}

async function carryOut(
  context: RunnerContext,
  services: Services,
  request: RollbackOptions,
  { blocking, move, target }: Preemption,
): Promise<Remainder> {
  const { run, lock, operation } = blocking;
  const whose = lock ? `end ${lock.owner}'s "${lock.command}"` : `undo the crashed "${run.command}" by ${run.by}`;
  if (services.fleet.cloud === 'aws') await context.prompter.confirm(`${whose} and roll back to ${target}?`);
  if (move?.moved) {
    const method = request.method === 'auto' ? undefined : request.method;
    const { version } = move;
    context.reporter.report({ code: 'rollback.by-undo', ...(version && { version }), ...(method && { method }) });
  }
  const ended = await preempt(context, services, lock ? { lock } : { run }, rollbackName);
  if (!ended) return { version: request.version };
  // It may have come further before it saw the request.
  const now = await readMove(operation, ended.journal);
  const undone = now && (now.moved || (request.version !== undefined && request.version === now.previous));
  if (!undone) return { version: request.version, agreed: target };
  const version = await targetDuringRelease(services, now, request);
  const enough = await servesEverywhere(services, ended, version);
  return { version, agreed: target, ...(enough && { enough: ended }) };
}

/** Whether the end of a run was enough: every instance with traffic, and what its group launches, is on the version. */
async function servesEverywhere(services: Services, { run }: EndedRun, version: string): Promise<boolean> {
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
