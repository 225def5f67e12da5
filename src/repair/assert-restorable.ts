import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { findLeftovers, repairCommand, unknownRunOf } from '../fleet/leftovers/find-leftovers.ts';
import type { LeftoverFacts } from '../fleet/leftovers/leftover.ts';

/**
 * Nothing is restored under the hands of a run that may be active with another ledger: whoever knows that it is over must name it.
 * @throws PipelineError `repair.unknown-run`
 */
export function assertNoUnknownRun(facts: LeftoverFacts): void {
  const run = unknownRunOf(facts);
  if (run === undefined) return;
  throw new PipelineError(
    'repair.unknown-run',
    `the fleet has the tags of run ${run}, which this ledger does not know: it may be active with another ledger`,
    {
      fix: `use the ledger that this run uses; if it is certain that it is over: ${repairCommand(facts.app, run)}`,
      details: findLeftovers(facts).map((one) => one.seen),
    },
  );
}

/**
 * While Auto Scaling replaces instances, what is left is not known yet, and the tags are needed once it has finished.
 * @throws PipelineError `repair.refresh`
 */
export function assertNoRefresh(facts: LeftoverFacts): void {
  const refresh = findLeftovers(facts).find((one) => one.kind === 'refresh');
  if (!refresh || !facts.groups.some((one) => one.run)) return;
  throw new PipelineError('repair.refresh', refresh.seen, {
    fix: `${refresh.change}; then repair again`,
  });
}

/** @throws PipelineError `repair.no-such-run`, a usage error, for a run that nothing in the fleet is tagged with */
export function assertNamedRun({ app, groups, helpers }: LeftoverFacts, lostRun: string | undefined): void {
  const runs = new Set([...groups.flatMap((one) => one.run?.id ?? []), ...helpers.map((one) => one.run)]);
  runs.delete('');
  if (lostRun === undefined || runs.has(lostRun)) return;
  throw usageError(
    'repair.no-such-run',
    `--lost-run ${lostRun}: nothing in the fleet of ${app} has the tag of this run`,
    runs.size === 0 ? `leave it out: no run has left its tag` : `name one of: ${[...runs].join(', ')}`,
  );
}
