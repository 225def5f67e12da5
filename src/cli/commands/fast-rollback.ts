import { withServices } from '../../composition/with-services.ts';
import { versionName } from '../../config/names.ts';
import { runSchema } from '../../engine/schema.ts';
import type { Services } from '../../fleet/services.ts';
import { rollbackOperation } from '../../rollback/operation.ts';
import { type RollbackOptions, rollbackName } from '../../rollback/plan.ts';
import { withHooksLast } from '../../runner/after-end.ts';
import type { EndedRun } from '../../runner/preempt.ts';
import { previewRollback, type RollbackPreview, rollBack } from '../../runner/roll-back.ts';
import { findSameCommand } from '../../runner/same-command.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { choice, flag, parseOptions } from '../options.ts';
import { reportRun } from '../report-result.ts';
import { printPlan } from '../run-command.ts';
import { runnerContext } from '../runner-context.ts';
import { showPlan } from '../show-plan.ts';
import { writeJson } from '../views/json.ts';
import type { ShownPlan } from '../views/plan.ts';
import { describePreemption } from '../views/preemption.ts';
import { continueRun } from './resume.ts';

/** `pipeline fast-rollback <app> [version]` */
export const run: CommandModule['run'] = async (context, [app, given], options) => {
  const version = given === undefined ? undefined : versionName(given);
  const request = parseOptions(options, {
    method: choice('auto', 'switch', 'in-place', 'rolling'),
    force: flag,
    supersede: flag,
    wait: flag,
  });
  const fleet = await fleetOf(context, app, options);
  return withServices(context, fleet, (services) =>
    rollBackFleet(context, services, options, { ...request, ...(version && { version }) }),
  );
};

/** Rolls back, whatever blocks it, and reports it; without a version to the last known-good one before the current. */
export async function rollBackFleet(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  request: RollbackOptions,
): Promise<number> {
  const runner = runnerContext(context, options, services.fleet);
  const unfinished = await findSameCommand(runner, services, rollbackOperation, { preview: Boolean(options.dryRun) });
  if (unfinished) return continueRun(context, options, { runner, services }, unfinished);
  if (options.dryRun) {
    const preview = await previewRollback(runner, services, request);
    if (preview.plan && !preview.preemption) return printPlan(context, options, runner, services, preview.plan);
    showPlan(context, options, withPreemption(services, preview));
    return exitCodes.done;
  }
  return withHooksLast(runner, async (own) => {
    const rolledBack = await rollBack(own, services, request);
    if (rolledBack.by === 'rollback') return reportRun(context, options, runner.redact, rolledBack.report);
    reportPreemption(context, options, rolledBack.ended, rolledBack.serving);
    return exitCodes.done;
  });
}

/** The plan after the end of the run that blocks it. */
function withPreemption({ fleet: { app, environment } }: Services, { preemption, plan }: RollbackPreview): ShownPlan {
  const end = { id: 'abort', title: 'End the run that blocks the rollback' };
  return {
    ...{ operation: rollbackName, app, environment },
    steps: [end, ...(plan?.steps ?? [])],
    described: { ...plan?.described, [end.id]: preemption ? describePreemption(preemption) : [] },
  };
}

/** Reports that the end of another run was enough. */
function reportPreemption(
  { stdout }: CliContext,
  { json }: CommandOptions,
  { run, seconds }: EndedRun,
  serving: string,
): void {
  const { id, app, environment, version = null, operation, steps } = run;
  if (json) {
    const versions = { version: serving, previous: version };
    writeJson(stdout, { schema: runSchema, run: id, app, environment, ...versions, method: 'abort', seconds, steps });
  } else {
    stdout.write(
      `${operation} ${id} of ${app} in ${environment} was undone in ${seconds.toFixed(1)} s; ${serving} serves on every instance\n`,
    );
  }
}
