import { messageOf, type Outcome, PipelineError } from '@golden-pipeline/shared/errors';
import type { Operation } from '../../../src/engine/operation.ts';
import type { Plan } from '../../../src/engine/step.ts';
import type { Services } from '../../../src/fleet/services.ts';
import { releaseOperation } from '../../../src/release/operation.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { pruneOperation } from '../../../src/retention/operations.ts';
import { planPrune } from '../../../src/retention/plan-prune.ts';
import { rollbackOperation } from '../../../src/rollback/operation.ts';
import { planRollback } from '../../../src/rollback/plan.ts';
import { abort } from '../../../src/runner/abort.ts';
import { type Continuation, planContinuation } from '../../../src/runner/continuation.ts';
import { recoverFirst } from '../../../src/runner/recover-first.ts';
import { rollBack } from '../../../src/runner/roll-back.ts';
import { runOperation } from '../../../src/runner/run-operation.ts';
import { findSameCommand } from '../../../src/runner/same-command.ts';
import { scaleOperation } from '../../../src/scale/operation.ts';
import { planScale } from '../../../src/scale/plan.ts';
import { type RunnerOfTest, runnerOfTest } from '../../runner/support/runner-context.ts';
import { die } from '../../support/dying.ts';
import type { Simulated } from '../../support/simulated.ts';
import { changesVersion, type Request, sizeOf } from './episodes.ts';
import type { Ending } from './invariants.ts';

/** What operators of a simulated fleet do: the commands, without the command line. */
export class Commands {
  readonly #world: Simulated;

  constructor(world: Simulated) {
    this.#world = world;
  }

  /** Runs a command as the command line does. What is refused changes nothing. */
  async request(request: Request): Promise<Ending> {
    const { services, clock } = this.#world;
    const runner = runnerOfTest(clock, `pipeline ${request} api`);
    try {
      if (!changesVersion(request)) return await this.#changeOther(runner, request);
      const operation = request === 'fast-rollback' ? rollbackOperation : releaseOperation;
      const unfinished = await findSameCommand(runner, services, operation);
      if (unfinished) return await this.#continue(runner, unfinished);
      if (request === 'fast-rollback') {
        const rolledBack = await rollBack(runner, services, { force: true });
        if (rolledBack.by === 'preemption') return { outcome: 'done', leftovers: [], version: rolledBack.serving };
        const { outcome, leftovers, state } = rolledBack.report.result;
        return { outcome, leftovers, version: state.version };
      }
      await recoverFirst(runner, services, releaseOperation);
      const plan = await planRelease(services, clock, optionsOf(request));
      const { result } = await runOperation(runner, { operation: releaseOperation, services, plan });
      return { outcome: result.outcome, leftovers: result.leftovers, version: result.state.version };
    } catch (error) {
      return refused(error);
    }
  }

  /** `fast-rollback <version> --method rolling`, which replaces instances that were switched in place. */
  async rollBackByRolling(version: string): Promise<Ending> {
    const { services, clock } = this.#world;
    const runner = runnerOfTest(clock, `pipeline fast-rollback api ${version} --method rolling`);
    try {
      const rolledBack = await rollBack(runner, services, { force: true, version, method: 'rolling' });
      if (rolledBack.by === 'preemption') return { outcome: 'done', leftovers: [], version: rolledBack.serving };
      const { outcome, leftovers, state } = rolledBack.report.result;
      return { outcome, leftovers, version: state.version };
    } catch (error) {
      return refused(error);
    }
  }

  /** The same for what changes the size, or kept images. */
  async #changeOther(runner: RunnerOfTest, request: Request): Promise<Ending> {
    const { services, clock } = this.#world;
    const size = sizeOf(request);
    const begin = async <State>(operation: Operation<Services, State>, plan: () => Promise<Plan<Services, State>>) => {
      await recoverFirst(runner, services, operation);
      const { outcome, leftovers } = (await runOperation(runner, { operation, services, plan: await plan() })).result;
      return { outcome, leftovers, version: 'none' };
    };
    if (size === undefined) return begin(pruneOperation, () => planPrune(services, clock, { force: false }));
    return begin(scaleOperation, () => planScale(services, clock, { to: size }));
  }

  /** @throws PipelineError for what is refused; NotReached */
  async die(request: Request, death: { at: number; how: 'intended' | 'made' }): Promise<void> {
    const { services, clock } = this.#world;
    const command = `pipeline ${request} api`;
    const size = sizeOf(request);
    if (request === 'images prune') {
      await die(this.#world, await planPrune(services, clock, { force: false }), death, command);
    } else if (size !== undefined) {
      await die(this.#world, await planScale(services, clock, { to: size }), death, command);
    } else if (request === 'fast-rollback') {
      await die(this.#world, await planRollback(services, clock, { force: true }), death, command);
    } else await die(this.#world, await planRelease(services, clock, optionsOf(request)), death, command);
  }

  async resume(): Promise<Ending> {
    const { services, clock } = this.#world;
    const runner = runnerOfTest(clock, 'pipeline resume api');
    try {
      return await this.#continue(runner, await planContinuation(runner, services));
    } catch (error) {
      // What cannot be continued says how to go on.
      if (!(error instanceof PipelineError) || error.code !== 'resume.impossible') return refused(error);
      return { ...(await this.abort()), leftovers: [error.message] };
    }
  }

  async #continue(runner: RunnerOfTest, continuation: Continuation): Promise<Ending> {
    const { services } = this.#world;
    const { run, operation, direction, plan, journal, check } = continuation;
    if (direction === 'backward') return this.abort();
    const { result } = await runOperation(runner, { operation, services, plan, continues: { run, journal, check } });
    return { outcome: result.outcome, leftovers: result.leftovers, version: String(result.state.version) };
  }

  async abort(): Promise<Ending> {
    const { services, clock } = this.#world;
    const runner = runnerOfTest(clock, 'pipeline abort api');
    const ended = await abort(runner, services, 'abort');
    const { outcome = 'failed', version = 'none' } = ended?.run ?? {};
    // Once a rollback has replaced the instances, nothing takes it back.
    const isKept = runner.messages.some(({ code }) => code === 'undo.kept');
    return { outcome: isKept ? 'done' : (outcome as Outcome), leftovers: [], version };
  }
}

/** How a request ended that was refused. */
export const refused = (error: unknown): Ending => ({
  outcome: (error as { outcome?: Outcome }).outcome ?? 'failed',
  leftovers: [messageOf(error)],
  version: 'none',
});

const optionsOf = (request: Request) => (request === 'release' ? {} : { bake: 'builder' as const });
