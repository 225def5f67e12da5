import { usageError } from '@golden-pipeline/shared/errors';
import { withServices } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import type { Services } from '../../fleet/services.ts';
import { type Continuation, planContinuation } from '../../runner/continuation.ts';
import type { RunnerContext } from '../../runner/ports.ts';
import { recoverRun } from '../../runner/recover.ts';
import { runOperation } from '../../runner/run-operation.ts';
import { findRunId } from '../../status/run-details.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { reportEnd } from '../report-end.ts';
import { reportRun } from '../report-result.ts';
import { runnerContext } from '../runner-context.ts';
import { showPlan } from '../show-plan.ts';
import { chooseRun } from './support/choose-run.ts';
import { findProjectRun, looksLikeRun } from './support/project-runs.ts';

/** `pipeline resume [app|run] [run]`: goes on with a run that crashed, or that requires manual intervention. */
export const run: CommandModule['run'] = async (context, [target, id], options) => {
  const named = await findTarget(context, target, id, options);
  if (!named) return exitCodes.done;
  const { fleet } = named;
  return withServices(context, fleet, async (services) => {
    const runner = runnerContext(context, options, fleet);
    const run = named.id === undefined ? undefined : await findRunId(services.ledger, fleet, named.id);
    return continueRun(context, options, { runner, services }, await planContinuation(runner, services, run));
  });
};

/** The fleet, and the run where one is named, by its id or the beginning of it; undefined where nothing is unfinished. */
async function findTarget(
  context: CliContext,
  target: string | undefined,
  id: string | undefined,
  options: CommandOptions,
): Promise<{ fleet: Fleet; id?: string } | undefined> {
  if (target === undefined) {
    const found = await chooseRun(context, options, 'resume');
    return found && { fleet: found.fleet, id: found.run.id };
  }
  if (!looksLikeRun(target)) return { fleet: await fleetOf(context, target, options), ...(id !== undefined && { id }) };
  if (id === undefined) return findProjectRun(context, options, target);
  throw usageError('usage.excess-arguments', 'two runs were named', `pipeline resume ${target}`);
}

/** Continues a run, or prints for `--dry-run` how it would be. Resolves with the exit code. */
export async function continueRun(
  context: CliContext,
  options: CommandOptions,
  { runner, services }: { runner: RunnerContext; services: Services },
  continuation: Continuation,
): Promise<number> {
  const { run: record, operation, direction, plan, found, journal, check } = continuation;
  const what = `run ${record.id} ("${record.command}" by ${record.by})`;
  if (options.dryRun) {
    runner.reporter.report(
      direction === 'forward'
        ? { code: 'run.continued', run: record, found }
        : { code: 'run.undo-planned', run: record },
    );
    const done = new Set([...journal.steps].filter(([, status]) => status === 'done').map(([step]) => step));
    const steps = direction === 'forward' ? plan.steps.filter((step) => !done.has(step.id)) : [];
    showPlan(context, options, { ...plan, steps });
    return exitCodes.done;
  }
  if (direction === 'backward') {
    if (services.fleet.cloud === 'aws') await runner.prompter.confirm(`finish the undo of ${what}?`);
    const started = context.clock.now();
    const { run: ended, at } = await recoverRun(runner, services, record);
    const code = reportEnd(context, options, ended, (at - started) / 1000);
    // It was to be continued, and is not.
    return code === exitCodes.done ? exitCodes['rolled-back'] : code;
  }
  if (services.fleet.cloud === 'aws') await runner.prompter.confirm(`continue ${what}?`);
  runner.reporter.report({ code: 'run.continued', run: record, found });
  const report = await runOperation(runner, { operation, services, plan, continues: { run: record, journal, check } });
  return reportRun(context, options, runner.redact, report);
}
