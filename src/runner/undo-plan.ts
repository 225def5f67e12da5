import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Replay } from '../engine/journal.ts';
import type { JournaledFacts } from '../engine/operation.ts';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import type { RunRecord } from '../ledger/types.ts';
import { type AnyOperation, operationNamed } from './operations.ts';
import type { RunnerContext } from './ports.ts';

/** The undo of a crashed run. */
export interface UndoPlan {
  operation: AnyOperation;
  /** Executed with a signal that is aborted, it undoes what was begun and not committed. */
  plan: Plan<Services, JournaledFacts>;
}

/**
 * Plans the undo of a run whose process has crashed, by its journal. Undefined when there is nothing to undo.
 * @throws PipelineError `undo.unknown` when it has changed something that neither this version nor the configuration knows an undo for
 */
export async function planUndo(
  { operations, project, clock }: Pick<RunnerContext, 'operations' | 'project' | 'clock'>,
  services: Services,
  { id, command }: Pick<RunRecord, 'id' | 'command'>,
  journal: Replay,
): Promise<UndoPlan | undefined> {
  const { run, outcome, changes, state: initial } = journal;
  if (!run || (outcome && outcome !== 'manual-intervention') || changes.size === 0) return undefined;
  const { app, environment } = run;
  const operation = await operationNamed(run.operation, operations, project);
  const steps = (await operation?.steps(initial, { services, project })) ?? [];
  const unknown = [...changes.values()].find((change) => !steps.some((step) => step.id === change.step));
  if (!operation || unknown) {
    const what = unknown ? `its ${unknown.action} of ${unknown.target}` : 'its changes';
    throw new PipelineError(
      'undo.unknown',
      `run ${id} (${command}) did not finish, and this version or configuration cannot undo ${what}`,
      { fix: `check the fleet: pipeline status ${app}` },
    );
  }
  const plan = await createPlan({ operation: run.operation, app, environment, steps, initial, services, clock });
  return { operation, plan };
}
