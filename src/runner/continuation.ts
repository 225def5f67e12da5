import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { type Replay, replay } from '../engine/journal.ts';
import type { JournaledFacts } from '../engine/operation.ts';
import { createPlan } from '../engine/plan.ts';
import type { Plan, Step } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import { findUnfinishedRun, isCurrent } from '../ledger/interrupted-runs.ts';
import type { RunRecord } from '../ledger/types.ts';
import { reportWatch } from './hold-lock.ts';
import { type AnyOperation, operationNamed } from './operations.ts';
import type { RunnerContext } from './ports.ts';

/** How an unfinished run is continued. */
export interface Continuation {
  run: RunRecord;
  operation: AnyOperation;
  /** A run whose undo has begun is only finished backwards. */
  direction: 'forward' | 'backward';
  plan: Plan<Services, JournaledFacts>;
  /** What was found of the steps that had begun, a line each. */
  found: string[];
  journal: Replay;
  /** Looks again, under the lock. @throws PipelineError `resume.changed` */
  check(): Promise<void>;
}

/** What continues a run needs of the runner's surroundings. */
type Surroundings = Pick<RunnerContext, 'operations' | 'project' | 'clock' | 'reporter'>;

/**
 * Plans how an unfinished run of an app is continued: one whose process has crashed, or one that requires manual intervention. It only
 * reads: the ledger, and what the cloud has of the run.
 * @param id The run; without it the newest unfinished one.
 * @throws PipelineError `resume.nothing`, `resume.ended`, `resume.obsolete`, `resume.impossible` naming how to go on; `resume.active` while
 * another run is
 */
export async function planContinuation(
  surroundings: Surroundings,
  services: Services,
  id?: string,
): Promise<Continuation> {
  const { ledger, fleet } = services;
  const lock = await ledger.findHolder(fleet.app, reportWatch(surroundings.reporter));
  if (lock) {
    const { owner, host, command } = lock;
    throw new PipelineError('resume.active', `${owner}@${host} is active on ${fleet.app}: ${command}`, {
      outcome: 'locked',
      fix: `wait until it has ended, or end it: pipeline abort ${fleet.app}`,
    });
  }
  const run = id === undefined ? await findUnfinishedRun(services, fleet.app) : await ledger.run(id);
  if (!run || run.app !== fleet.app) throw nothing(fleet, id);
  if (run.outcome !== undefined && run.outcome !== 'manual-intervention') throw ended(run);
  if (!(await isCurrent(services, run))) {
    throw usageError(
      'resume.obsolete',
      `a later run has changed what run ${run.id} (${run.command}) worked on, or it is too old, so it is not continued`,
      `run the command again: ${run.command}`,
    );
  }
  return continuationOf(surroundings, services, run);
}

/** The same for a run that is known to be the newest one, and not to be active. */
export async function continuationOf(
  { operations, project, clock }: Surroundings,
  services: Services,
  run: RunRecord,
): Promise<Continuation> {
  const journal = replay(await services.ledger.journal(run.id));
  const operation = await operationNamed(run.operation, operations, project);
  if (!journal.run || journal.changes.size === 0) {
    throw usageError(
      'resume.nothing-changed',
      `run ${run.id} (${run.command}) has changed nothing`,
      `run the command again: ${run.command}`,
    );
  }
  // Its process was killed before it could write the record.
  if (journal.outcome !== undefined && journal.outcome !== 'manual-intervention') {
    throw ended({ ...run, outcome: journal.outcome });
  }
  if (!operation) throw impossible(run, 'this version or configuration does not know its operation');
  const { app, environment } = journal.run;
  const steps = await operation.steps(journal.state, { services, project });
  const given = { operation: run.operation, app, environment, steps, initial: journal.state, services, clock };
  const check = () => assertUnchanged(services, run, operation, journal);
  const isDone = (id: string) => journal.steps.get(id) === 'done';
  // What is committed is not undone; the steps behind it are made again, also those that were undone.
  if (journal.undoBegan && !steps.some(({ id, commits }) => commits && isDone(id))) {
    return { run, operation, direction: 'backward', plan: await createPlan(given), found: [], journal, check };
  }
  if (steps.some((step) => step.restsUntil)) throw impossible(run, 'its pauses are over');
  const why = await operation.cannotContinue?.(journal, services);
  if (why !== undefined) throw impossible(run, why);
  const found = await findSteps(steps, services, journal);
  return { run, operation, direction: 'forward', plan: await createPlan(given), found, journal, check };
}

/** Between the plan and the lock, while a question was open, somebody else may have changed the fleet. */
async function assertUnchanged(services: Services, run: RunRecord, operation: AnyOperation, journal: Replay) {
  const why = (await isCurrent(services, run))
    ? await operation.cannotContinue?.(journal, services)
    : 'a later run has changed what it worked on';
  if (why === undefined) return;
  throw new PipelineError('resume.changed', `run ${run.id} is not continued: ${why}`, {
    outcome: 'locked',
    fix: `pipeline history ${run.app}`,
  });
}

/** What there is of each step that had begun. */
async function findSteps(
  steps: readonly Step<Services, JournaledFacts>[],
  services: Services,
  { state, changes, steps: statuses }: Replay,
): Promise<string[]> {
  const lines = steps.map(async ({ id, find }) => {
    const status = statuses.get(id);
    if (status === undefined) return [];
    if (status === 'done') return [`${id}: done`];
    const made = [...changes.values()].filter((change) => change.step === id);
    const seen = await find?.({ services, state, changes: () => made });
    return [`${id}: ${seen ?? (made.length === 0 ? 'nothing was changed yet' : 'begun')}`];
  });
  return (await Promise.all(lines)).flat();
}

function nothing({ app, environment }: Services['fleet'], id: string | undefined): PipelineError {
  const what = id === undefined ? 'no unfinished run' : `no run ${id}`;
  return usageError('resume.nothing', `${app} has ${what} in ${environment}`, `pipeline history ${app}`);
}

function ended({ id, command, outcome }: RunRecord): PipelineError {
  return outcome === 'done'
    ? usageError('resume.ended', `run ${id} (${command}) is done`, 'there is nothing to continue')
    : usageError(
        'resume.ended',
        `everything that run ${id} (${command}) had changed was rolled back`,
        `run the command again: ${command}`,
      );
}

function impossible({ id, app, command }: RunRecord, why: string): PipelineError {
  return usageError(
    'resume.impossible',
    `run ${id} (${command}) cannot be continued: ${why}`,
    `undo what it changed: pipeline abort ${app}; then run the command again`,
  );
}
