import { hostname } from 'node:os';
import { messageOf } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
import { createEmitter, type Emit } from '../engine/emitter.ts';
import { execute, type RunResult } from '../engine/execute.ts';
import { exitCodeOf } from '../engine/interrupt.ts';
import { createRunId } from '../engine/run-id.ts';
import type { Plan } from '../engine/step.ts';
import type { HeldLock, Ledger, RunRecord } from '../ledger/types.ts';
import { confirm } from './ask.ts';
import type { CommandOptions } from './command.ts';
import type { CliContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { tellRunning, watchInterrupts } from './interrupts.ts';
import { joined, partsOf, settled, waitUntil, whenFree } from './parts.ts';
import { reportResult } from './report-result.ts';
import { redactionOf } from './secrets.ts';
import { showPlan } from './show-plan.ts';
import { describeUnderWay, findUnderWay } from './under-way.ts';
import { type OpenViews, openViews } from './views/open.ts';

/** What the runner itself needs of the ports. */
interface OperationServices {
  ledger: Ledger;
  /** Who runs this, for the records. */
  by: string;
}

/** An operation, planned and ready to run. */
export interface Operation<Services extends OperationServices, State> {
  fleet: Pick<Fleet, 'app' | 'environment' | 'cloud'> & Partial<Pick<Fleet, 'ansible'>>;
  services: NoInfer<Services>;
  plan: Plan<Services, State>;
  /** The command's own part of the JSON document, e.g. `{ version, previous, how }`; also kept in the run's record. */
  describe(state: State): Record<string, unknown>;
  /** The command that takes a successful run back. */
  undoHint(state: State): string | undefined;
  /** What is asked before a change of an AWS account, without the question mark; by default made from the plan. */
  confirm?: string;
}

/**
 * Runs a planned operation, the same way for all: prints the plan for `--dry-run`, asks where an AWS account would be changed,
 * holds the lock, keeps the run's record, shows the events, handles Ctrl-C, and tells the result. A plan with a step that rests is run in
 * parts, and the lock is free between them.
 * Resolves with the exit code. The lock is released and the views are closed however it ends.
 * @throws PipelineError when the run could not begin: nobody to ask, declined, lock held, ledger or `--events` file not writable.
 */
export async function operate<Services extends OperationServices, State>(
  context: CliContext,
  options: CommandOptions,
  operation: Operation<Services, State>,
): Promise<number> {
  const { plan, fleet } = operation;
  if (options.dryRun) {
    const underWay = await findUnderWay(operation.services.ledger, fleet.app);
    if (underWay) context.stderr.write(`${describeUnderWay(underWay)}\n`);
    showPlan(context, options, { ...plan, ...(underWay && { underWay }) });
    return exitCodes.done;
  }
  if (fleet.cloud === 'aws') {
    await confirm(
      context,
      options,
      `${operation.confirm ?? `${plan.operation} ${fleet.app} in ${fleet.environment}`}?`,
    );
  }
  const views = await openViews(context, options);
  const interrupt = watchInterrupts(context, views, fleet.app);
  try {
    const [first, ...later] = partsOf(plan);
    let result = await underLock(context, { ...operation, plan: first.plan }, views, { signal: interrupt.signal });
    for (const { rest, plan: next } of later) {
      if (result.outcome !== 'done') break;
      await waitUntil(context.clock, rest(result.state), interrupt.signal);
      // Ctrl-C only ends the wait: what follows is what puts things back.
      const whole = { ...operation, plan: { ...next, initial: result.state } };
      const ended = underLock(context, whole, views, { signal: new AbortController().signal, patient: true });
      result = joined(result, await settled(ended, whole.plan), interrupt.signal);
    }
    await views.close();
    reportResult(context, options, {
      result,
      redact: redactionOf(fleet, context.env),
      facts: views.facts,
      summary: operation.describe(result.state),
      undo: inEnvironment(operation.undoHint(result.state), options),
    });
    return result.outcome === 'interrupted' ? exitCodeOf[interrupt.received ?? 'SIGINT'] : exitCodes[result.outcome];
  } finally {
    interrupt.remove();
    await views.close();
  }
}

/** Holds the lock for the length of the run. `patient`: waits for it as long as another holds it. */
async function underLock<Services extends OperationServices, State>(
  context: CliContext,
  operation: Operation<Services, State>,
  views: OpenViews,
  { signal, patient = false }: { signal: AbortSignal; patient?: boolean },
): Promise<RunResult<State>> {
  const { app, environment } = operation.fleet;
  const { ledger } = operation.services;
  const command = commandLine(context.argv);
  const take = async () => {
    const runId = createRunId(context.clock);
    return { runId, lock: await ledger.lock(app, { command, run: runId }) };
  };
  const { runId, lock } = patient ? await whenFree(context, take) : await take();
  const emit = createEmitter(views.emit, runId, context.clock);
  warnOfDead(context, lock);
  try {
    emit({ code: 'lock.acquired', app, environment });
    lock.abortRequested.addEventListener('abort', () =>
      tellRunning(context, views, `${messageOf(lock.abortRequested.reason)}; what was changed is being put back`),
    );
    return await recorded(context, operation, { runId, command, lock, views, signal });
  } finally {
    await release(context, lock, emit);
  }
}

/** What a run that died had begun (consumers that stand still, say) is not this run's to put back, and must not be forgotten. */
function warnOfDead({ stderr }: CliContext, { takenOver }: HeldLock): void {
  if (takenOver?.from.run === undefined) return;
  const { app, run, command } = takenOver.from;
  stderr.write(
    `warning: run ${run} (${command}) ended without releasing the lock; what it left is not put back by this one: pipeline abort ${app}\n`,
  );
}

interface RunFrame {
  runId: string;
  command: string;
  lock: HeldLock;
  views: OpenViews;
  signal: AbortSignal;
}

/** Executes the plan between two writings of the run's record. */
async function recorded<Services extends OperationServices, State>(
  context: CliContext,
  operation: Operation<Services, State>,
  { runId, command, lock, views, signal }: RunFrame,
): Promise<RunResult<State>> {
  const { plan, services, fleet } = operation;
  const { clock } = context;
  const redact = redactionOf(fleet, context.env);
  const record: RunRecord = {
    id: runId,
    operation: plan.operation,
    app: fleet.app,
    environment: fleet.environment,
    startedAt: new Date(clock.now()).toISOString(),
    by: services.by,
    host: hostname(),
    command: redact(command),
    steps: plan.steps.map(({ id, title }) => ({ id, title, status: 'pending', seconds: 0 })),
  };
  await services.ledger.saveRun(record);
  const save = async (end: Partial<RunRecord>): Promise<void> => {
    try {
      await services.ledger.saveRun({ ...record, ...end, finishedAt: new Date(clock.now()).toISOString() });
    } catch (error) {
      // The run has ended as it did; its journal has every change.
      context.stderr.write(`warning: the end of run ${runId} could not be recorded: ${messageOf(error)}\n`);
    }
  };
  try {
    const result = await execute(plan, {
      services,
      clock,
      sink: views.emit,
      journal: services.ledger,
      runId,
      signal: AbortSignal.any([signal, lock.abortRequested]),
      lost: lock.lost,
      redact,
      summary: (state) => operation.describe(state),
    });
    const { outcome, seconds, steps } = result;
    const { version, previous, commit, projectCommit } = operation.describe(result.state);
    await save({ outcome, seconds, steps, ...texts({ version, previous, commit, projectCommit }) });
    return result;
  } catch (error) {
    await save({ outcome: 'failed' });
    throw error;
  }
}

async function release(context: CliContext, lock: HeldLock, emit: Emit): Promise<void> {
  const { app, environment, expires } = lock.record;
  try {
    await lock.release();
    emit({ code: 'lock.released', app, environment });
  } catch (error) {
    context.stderr.write(
      `warning: the lock of ${app} could not be released (${messageOf(error)}); it ends by itself at ${expires}\n`,
    );
  }
}

/** The command as a person would type it, for the records. */
export function commandLine(argv: readonly string[]): string {
  return ['pipeline', ...argv.map((word) => (/^[\w./:=@~^+-]+$/.test(word) ? word : JSON.stringify(word)))].join(' ');
}

/** A command that means the same environment as this one. */
function inEnvironment(command: string | undefined, { env }: CommandOptions): string | undefined {
  return command && env !== undefined ? `${command} --env ${env}` : command;
}

const texts = (values: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
