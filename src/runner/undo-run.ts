import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { replay } from '../engine/journal.ts';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { ScaleState } from '../fleet/scaling/state.ts';
import type { ReleaseState, ReleaseStep, RollbackState, RollState, Services } from '../fleet/services.ts';
import type { RunRecord } from '../ledger/types.ts';
import { rebuildSteps } from '../ledger-rebuild/plan.ts';
import { type Around, withAround } from '../release/hooks.ts';
import { releaseSteps } from '../release/plan.ts';
import { repairSteps } from '../repair/plan.ts';
import type { RepairState } from '../repair/state.ts';
import { pinSteps } from '../retention/plan-pin.ts';
import { pruneSteps } from '../retention/plan-prune.ts';
import { rollbackSteps } from '../rollback/plan.ts';
import { scaleSteps } from '../scale/plan.ts';
import { refreshSteps } from '../secrets/plan-refresh.ts';
import type { Task, TaskState } from '../tasks/types.ts';

/**
 * The plan of a run that its process did not bring to an end, as its journal knows it: executed with a signal that is aborted, it
 * undoes what was begun and not committed. Undefined when there is nothing to undo.
 * @param around Tasks around a release, as configured.
 * @param task The app's task of a name: a run of any other operation is one of a task.
 * @throws PipelineError `undo.unknown` when it has changed something that this version or configuration knows no undo for
 */
export async function planUndo(
  services: Services,
  clock: Clock,
  run: RunRecord,
  around: () => Promise<readonly Around[]>,
  task: (name: string) => Promise<Task | undefined> = async () => undefined,
): Promise<Plan<Services, RollState> | undefined> {
  const known = replay(await services.ledger.journal(run.id));
  if (!known.run || known.outcome || known.changes.size === 0) return undefined;
  const { app, environment, operation } = known.run;
  const initial = known.state as unknown as ReleaseState;
  const steps = await stepsOf(services, operation, initial, { around, task });
  const unknown = [...known.changes.values()].find((change) => !steps.some((step) => step.id === change.step));
  if (unknown) {
    throw new PipelineError(
      'undo.unknown',
      `run ${run.id} (${run.command}) has died, and nobody here knows how to undo its ${unknown.action} of ${unknown.target}`,
      { hint: `look at the fleet: pipeline status ${app}` },
    );
  }
  return createPlan({ operation, app, environment, steps, initial, services, clock }) as Promise<
    Plan<Services, RollState>
  >;
}

async function stepsOf(
  services: Services,
  operation: string,
  state: ReleaseState,
  { around, task }: { around: () => Promise<readonly Around[]>; task: (name: string) => Promise<Task | undefined> },
): Promise<ReleaseStep[]> {
  if (operation === 'release') return withAround(releaseSteps(state), await around(), services);
  const known = others[operation]?.(state);
  if (known) return [...known] as ReleaseStep[];
  const { inputs } = state as unknown as Partial<TaskState>;
  const found = inputs && (await task(operation));
  return found ? ([...(await found.steps(inputs, services.fleet))] as unknown as ReleaseStep[]) : [];
}

/** The procedures of the other operations whose undo is known, each with facts of its own. */
const others: Readonly<Record<string, (state: unknown) => readonly unknown[]>> = {
  'fast-rollback': (state) => rollbackSteps[(state as RollbackState).how],
  prune: () => pruneSteps,
  pin: () => pinSteps.pin,
  unpin: () => pinSteps.unpin,
  'rebuild-ledger': () => rebuildSteps,
  'refresh-secrets': () => refreshSteps,
  repair: (state) => repairSteps(state as RepairState),
  scale: (state) => scaleSteps(state as ScaleState),
};
