import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { type Replay, replay } from '../engine/journal.ts';
import type { Services } from '../fleet/services.ts';
import type { RunRecord } from '../ledger/types.ts';
import { type AfterEnd, claimed, doAfterEnd, planAfterEnd } from './after-end.ts';
import type { RunnerContext } from './ports.ts';
import { committedFact } from './record-run.ts';

/** How many runs are looked through. */
const runsBack = 10;

/**
 * Runs the hooks of ends that nobody has begun, as the process of a rollback that they waited for was killed. Not those of a run after which
 * another one of its operation was done: what they would revert is in use by now. Call it while nobody holds the lock.
 */
export async function runDueHooks(context: RunnerContext, services: Services): Promise<void> {
  const { ledger, fleet } = services;
  const runs = await ledger.runs(fleet.app, runsBack);
  const latest = (operation: string) => runs.findIndex((one) => one.operation === operation && one.outcome === 'done');
  const due = runs.filter((run, index) => {
    const done = latest(run.operation);
    return run.endHooks === 'due' && run.outcome !== undefined && (done < 0 || index <= done);
  });
  for (const run of due.reverse()) {
    const afterEnd = await planMissed(context, services, run, replay(await ledger.journal(run.id)));
    if (afterEnd) await doAfterEnd(context, claimed(services, run.id, afterEnd));
  }
}

/** What is to be done after the end of a run that has ended as its journal says; undefined, with a warning, where that cannot be told. */
export async function planMissed(
  context: RunnerContext,
  services: Services,
  record: RunRecord,
  { outcome, state, steps }: Replay,
): Promise<AfterEnd | undefined> {
  const operation = context.operations.find((one) => one.name === record.operation);
  if (!operation?.afterEnd || outcome === undefined) return undefined;
  try {
    const all = await operation.steps(state, { services, project: context.project });
    const { committed = false } = committedFact(all, (id) => steps.get(id) === 'done');
    const error = outcome === 'done' ? undefined : new PipelineError('run.crashed', `run ${record.id} did not finish`);
    return planAfterEnd(context, operation, services, { record, committed, outcome, error, state });
  } catch (error) {
    // A task that has another name by now: what the run was to be ended for is not kept from beginning.
    const line = `warning: what is due after the end of run ${record.id} is not done: ${context.redact(messageOf(error))}`;
    context.reporter.report({ code: 'run.after-end', line });
    return undefined;
  }
}
