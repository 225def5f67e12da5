import { PipelineError } from '@golden-pipeline/shared/errors';
import { execute } from '../engine/execute.ts';
import { Interrupted, installInterrupt } from '../engine/interrupt.ts';
import { replay } from '../engine/journal.ts';
import type { Plan } from '../engine/step.ts';
import { type RollState, type Services, servedBefore } from '../fleet/services.ts';
import type { RunRecord } from '../ledger/types.ts';
import { planUndo } from '../runner/undo-run.ts';
import type { CommandOptions } from './command.ts';
import type { CliContext } from './context.ts';
import { commandLine } from './operate.ts';
import { redactionOf } from './secrets.ts';
import { aroundOf, tasksOf } from './tasks.ts';

/**
 * Undoes what a run whose process died has left, under the lock, and completes its record. A signal does not stop it, the second one does.
 * @returns the record as it is by now
 * @throws PipelineError as {@link planUndo} does; `lock.held`; {@link Interrupted} once all is undone when a signal came meanwhile
 */
export async function undoDead(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  run: RunRecord,
): Promise<RunRecord> {
  const { ledger, fleet } = services;
  const lock = await ledger.lock(fleet.app, { command: commandLine(context.argv), run: run.id });
  const interrupt = installInterrupt({
    source: context.signals,
    onFirst: () => context.stderr.write('interrupted; the undo goes on to its end (once more to stop at once)\n'),
    onSecond: () =>
      context.stderr.write(`stopped at once\nhint: to go on with the undo: pipeline abort ${fleet.app}\n`),
    exit: (code) => context.exit(code),
  });
  try {
    const plan = await planUndo(
      services,
      context.clock,
      run,
      () => aroundOf(context, fleet, options),
      async (name) => (await tasksOf(context, fleet.app, options)).tasks[name],
    );
    const finish = async (facts: Partial<RunRecord>): Promise<RunRecord> => {
      const ended = { ...run, ...facts, finishedAt: new Date(context.clock.now()).toISOString() };
      await ledger.saveRun(ended);
      // What the undo was for, a release say, is not begun any more.
      if (interrupt.received) throw new Interrupted(interrupt.received);
      return ended;
    };
    // It had ended, and only its record was not written any more; or it had changed nothing.
    if (!plan) return await finish({ outcome: replay(await ledger.journal(run.id)).outcome ?? 'failed' });
    context.stderr.write(`run ${run.id} (${run.command}) has died; what it changed is being put back\n`);
    const reason = new PipelineError('run.died', `run ${run.id} had died`, { outcome: 'interrupted' });
    const result = await execute(plan, {
      services,
      clock: context.clock,
      sink: (event) => {
        if (event.code === 'undo.started') context.stderr.write(`undo: ${event.title}\n`);
      },
      journal: ledger,
      runId: run.id,
      signal: AbortSignal.abort(reason),
      lost: lock.lost,
      redact: redactionOf(fleet, context.env),
    });
    for (const line of result.left) context.stderr.write(`left: ${line}\n`);
    for (const line of await standing(services, run, plan)) context.stderr.write(`${line}\n`);
    // A run that has only to do with images knows nothing of what serves.
    const { version, current, served }: Partial<RollState> = result.state;
    const previous = current && servedBefore({ current, served });
    return await finish({
      outcome: result.outcome,
      ...(version === undefined ? {} : { version }),
      ...(previous === undefined ? {} : { previous }),
      steps: result.steps,
    });
  } finally {
    interrupt.remove();
    await lock.release();
  }
}

/** The command that takes back what an operation has brought to an end. */
const wayBack: Readonly<Record<string, (app: string) => string>> = {
  release: (app) => `pipeline fast-rollback ${app}`,
  scale: (app) => `pipeline scale ${app} --cancel`,
};

/** What of a dead run is not undone, a line each: a step whose end counts, and one that knows no way back. */
async function standing(
  { ledger }: Pick<Services, 'ledger'>,
  { id, app, command, operation }: RunRecord,
  { steps }: Plan<Services, RollState>,
): Promise<string[]> {
  const known = replay(await ledger.journal(id));
  const changed = new Set([...known.changes.values()].map((change) => change.step));
  const last = steps.findLast((step) => step.commits && known.steps.get(step.id) === 'done');
  const back = wayBack[operation]?.(app);
  return [
    ...(last ? [`"${last.title}" had ended, and stands${back ? `; to take it back: ${back}` : ''}`] : []),
    ...steps
      .filter((step) => !step.undo && !step.commits && changed.has(step.id) && known.steps.get(step.id) !== 'done')
      .map((step) => `"${step.title}" has no way back, it only goes on: ${command}`),
  ];
}
