import type { Operation, VersionMove } from '../engine/operation.ts';
import type { Plan } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import { findActiveRun } from '../runner/active-run.ts';
import { isBusy } from '../runner/busy.ts';
import { readExpectedTime } from '../runner/expected-time.ts';
import { findHolds, refuseHeld } from '../runner/holds.ts';
import type { RunnerContext, RunnerServices } from '../runner/ports.ts';
import { recoverFirst } from '../runner/recover-first.ts';
import { type PlannedRun, runOperation } from '../runner/run-operation.ts';
import { findSameCommand } from '../runner/same-command.ts';
import { whenLockIsFree } from '../runner/wait-for-lock.ts';
import type { CommandOptions } from './command.ts';
import { continueRun } from './commands/resume.ts';
import type { CliContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { duration, parseOptions } from './options.ts';
import { reportRun } from './report-result.ts';
import { runnerContext } from './runner-context.ts';
import { showPlan } from './show-plan.ts';
import { describeActiveRun } from './views/active-run.ts';
import { printable } from './views/text.ts';

/** What a command that runs an operation brings along. */
interface OperationCommand<S extends Services, State> {
  operation: Operation<S, State>;
  services: NoInfer<S>;
  /** Plans it. `active` is what the active run has done to the traffic, if there is one that brings a version. */
  plan(active: VersionMove | undefined): Promise<Plan<S, State>>;
  /** Reports that the plan would bring nothing, with the exit code; undefined where it would. Not asked while a run is active or unfinished. */
  reportNeedless?(plan: Plan<S, State>): Promise<number | undefined>;
  /** Why it may begin in spite of a hold. */
  emergency?: string;
  /** The question before an AWS account is changed, without the question mark. */
  question(plan: Plan<S, State>): string;
}

/**
 * Runs an operation from its first look at the fleet to its report: what a crashed run has left is undone first where that is in the
 * way, and one that the same command has left is continued. `--dry-run` prints the plan; `--wait-for-lock` first waits for the run that
 * holds the lock. Resolves with the exit code.
 * @throws PipelineError when the run could not begin
 */
export async function runCommand<S extends Services, State>(
  context: CliContext,
  options: CommandOptions,
  command: OperationCommand<S, State>,
): Promise<number> {
  const { operation, services, emergency } = command;
  const runner = runnerContext(context, options, services.fleet);
  const { waitForLock } = parseOptions(options, { waitForLock: duration });
  if (waitForLock === undefined || options.dryRun) return planAndRun(context, options, runner, command);
  // A lock ends by itself, a hold by a decision: that is not waited for.
  await refuseHeld(services, operation, emergency);
  return whenLockIsFree(runner, services, waitForLock, () => planAndRun(context, options, runner, command));
}

async function planAndRun<S extends Services, State>(
  context: CliContext,
  options: CommandOptions,
  runner: RunnerContext,
  { operation, services, plan: makePlan, question, reportNeedless, emergency }: OperationCommand<S, State>,
): Promise<number> {
  const unfinished = await findSameCommand(runner, services, operation, { preview: Boolean(options.dryRun) });
  if (unfinished) return continueRun(context, options, { runner, services }, unfinished);
  // Before a crashed run is undone; what begins in spite of a hold says so when it begins.
  if (!options.dryRun) await refuseHeld(services, operation, emergency);
  else if (emergency === undefined) {
    for (const hold of await findHolds(services, operation)) runner.reporter.report({ code: 'hold.in-force', hold });
  }
  const active = await recoverFirst(runner, services, operation, { dryRun: Boolean(options.dryRun) });
  const plan = await makePlan(await active?.versionMove());
  if (reportNeedless && !(await isBusy(runner, services, operation))) {
    const code = await reportNeedless(plan);
    if (code !== undefined) return code;
  }
  return runPlan(context, options, runner, { operation, services, plan, question: `${question(plan)}?`, emergency });
}

/** Runs what is planned, or prints it for `--dry-run`. */
export async function runPlan<S extends RunnerServices, State>(
  context: CliContext,
  options: CommandOptions,
  runner: RunnerContext,
  run: PlannedRun<S, State>,
): Promise<number> {
  if (options.dryRun) return printPlan(context, options, runner, run.services, run.plan);
  return reportRun(context, options, runner.redact, await runOperation(runner, run));
}

/** `--dry-run`: prints the plan, how long it usually takes, and who is active meanwhile. */
export async function printPlan(
  context: CliContext,
  options: CommandOptions,
  runner: RunnerContext,
  services: RunnerServices,
  plan: Parameters<typeof showPlan>[2],
): Promise<number> {
  const [activeRun, expected] = await Promise.all([
    findActiveRun(runner, services),
    readExpectedTime(services.ledger, plan),
  ]);
  if (activeRun) context.stderr.write(`${printable(describeActiveRun(activeRun))}\n`);
  showPlan(context, options, { ...plan, expected, ...(activeRun && { activeRun }) });
  return exitCodes.done;
}
