import type { Clock } from '@golden-pipeline/shared/clock';
import { replay } from '../../../src/engine/journal.ts';
import type { JournaledFacts } from '../../../src/engine/operation.ts';
import type { Plan } from '../../../src/engine/step.ts';
import type { Services } from '../../../src/fleet/services.ts';
import type { RunRecord } from '../../../src/ledger/types.ts';
import { operations, type ProjectTasks } from '../../../src/runner/operations.ts';
import { planUndo } from '../../../src/runner/undo-plan.ts';

/** The undo of a recorded run by its journal, in a project without tasks unless some are given. */
export async function undoPlanOf(
  { services, clock }: { services: Services; clock: Clock },
  run: RunRecord,
  project: Partial<ProjectTasks> = {},
): Promise<Plan<Services, JournaledFacts> | undefined> {
  const context = { operations, clock, project: { hooks: async () => [], task: async () => undefined, ...project } };
  return (await planUndo(context, services, run, replay(await services.ledger.journal(run.id))))?.plan;
}
