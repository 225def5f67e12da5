import { messageOf, type Outcome, PipelineError } from '@golden-pipeline/shared/errors';
import type { RunResult } from '../../../src/engine/execute.ts';
import { releaseOperation } from '../../../src/release/operation.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { rollbackOperation } from '../../../src/rollback/operation.ts';
import { planRollback } from '../../../src/rollback/plan.ts';
import { abort } from '../../../src/runner/abort.ts';
import { type Continuation, planContinuation } from '../../../src/runner/continuation.ts';
import { recoverFirst } from '../../../src/runner/recover-first.ts';
import { rollBack } from '../../../src/runner/roll-back.ts';
import { runOperation } from '../../../src/runner/run-operation.ts';
import { findSameCommand } from '../../../src/runner/same-command.ts';
import { type RunnerOfTest, runnerOfTest } from '../../runner/support/runner-context.ts';
import { die, NotReached } from '../../support/dying.ts';
import { Simulated } from '../../support/simulated.ts';
import { type CapacityWatch, watchCapacity } from './capacity.ts';
import { describeEpisode, type Episode, type History, type Request } from './episodes.ts';
import { type Ending, violationsOf } from './invariants.ts';
import { ledgerViolations } from './ledger-agreement.ts';
import { NumberedCalls } from './numbered-calls.ts';
import { readResources, resourceViolations } from './resources.ts';
import { readSnapshot } from './snapshot.ts';

/** What came of an episode. */
export interface Told {
  line: string;
  /** Whether what should go wrong did: the operation has made that many calls or changes. */
  struck: boolean;
  violations: string[];
}

/** Virtual time after which a fleet that is left alone is at rest, in milliseconds. */
const restMs = 120_000;

/** The product and a simulated cloud in this process, on virtual time, with one seed for all chance. */
export class Simulation {
  readonly #world: Simulated;
  readonly #calls: NumberedCalls;
  readonly #capacity: CapacityWatch;
  readonly #history: History;

  private constructor(world: Simulated, history: History) {
    this.#world = world;
    this.#history = history;
    this.#calls = new NumberedCalls(world);
    this.#capacity = watchCapacity(world);
  }

  /** A fleet with two releases on it, so that there is one to go back to. */
  static async create(history: History): Promise<Simulation> {
    const { seed, strategy, instances } = history;
    const blueGreen = "strategy: 'blue-green', weights: [50, 100], stepSeconds: 1, rollbackWindow: 86_400,";
    const world = await Simulated.create(
      [
        ['capacity: { min: 4, max: 12 }', `capacity: { min: ${instances}, max: 12 }`],
        ['verifySeconds: 5,', `${strategy === 'blue-green' ? blueGreen : ''} verifySeconds: 2,`],
      ],
      { seed },
    );
    const body = Array.from({ length: 400 }, (_, index) => `"version":"v${index}"`).join(',');
    world.answers.to = () => ({ status: 200, body });
    const simulation = new Simulation(world, history);
    for (const _ of [1, 2]) {
      const { outcome, leftovers } = await simulation.#request('release');
      if (outcome !== 'done') throw new Error(`the fleet of seed ${seed} could not be made: ${leftovers.join('; ')}`);
      await world.clock.sleep(restMs);
    }
    return simulation;
  }

  /** Plays an episode to its end and compares the fleet with what the product says of it. */
  async play(episode: Episode): Promise<Told> {
    const { trouble } = episode;
    const before = await readSnapshot(this.#world);
    const already = await this.#released([]);
    const had = readResources(this.#world);
    this.#capacity.take();
    // The instance that is baked is out of service, with a minimum that was lowered for it.
    this.#capacity.expect(Math.max(1, this.#history.instances - 1));
    this.#calls.restart(trouble?.kind === 'fault' ? trouble : undefined);
    const { ending, struck } = await this.#end(episode);
    this.#calls.restart();
    await this.#world.clock.sleep(restMs);
    const after = await readSnapshot(this.#world);
    const has = readResources(this.#world);
    const violations = [
      ...this.#capacity.take(),
      ...violationsOf(before, after, ending),
      ...resourceViolations(had, has, ending, await this.#released(already)),
      ...(await ledgerViolations(this.#world, after, has)),
    ];
    const { outcome, version, leftovers } = ending;
    const why = outcome === 'done' || leftovers.length === 0 ? '' : `: ${leftovers.join('; ')}`;
    return { line: `${describeEpisode(episode)}: ${outcome} (${version})${why}`, struck, violations };
  }

  /** Versions that the ledger knows as released, without others. */
  async #released(others: readonly string[]): Promise<string[]> {
    const { ledger, fleet } = this.#world.services;
    const all = (await ledger.releases(fleet.app)).filter(({ state }) => state === 'released');
    return all.map(({ version }) => version).filter((version) => !others.includes(version));
  }

  async close(): Promise<void> {
    this.#capacity.stop();
    await this.#world.close();
  }

  async #end({ request, trouble }: Episode): Promise<{ ending: Ending; struck: boolean }> {
    if (trouble?.kind !== 'kill') {
      const ending = await this.#request(request);
      return { ending, struck: trouble !== undefined && this.#calls.struck.length > 0 };
    }
    const { number: at, how } = trouble;
    try {
      await this.#die(request, { at, how });
    } catch (error) {
      if (error instanceof PipelineError) return { ending: refused(error), struck: false };
      // It had ended before.
      if (!(error instanceof NotReached) || error.cause instanceof Error) throw error;
      const { outcome, leftovers, state } = error.cause as RunResult<{ version: string }>;
      return { ending: { outcome, leftovers, version: state.version }, struck: false };
    }
    if (trouble.then === 'abort') return { ending: await this.#abort(), struck: true };
    if (trouble.then === 'resume') return { ending: await this.#resume(), struck: true };
    return {
      ending: await this.#request(trouble.then === 'the same command' ? request : 'fast-rollback'),
      struck: true,
    };
  }

  /** Runs a command as the command line does. What is refused changes nothing. */
  async #request(request: Request): Promise<Ending> {
    const { services, clock } = this.#world;
    const runner = runnerOfTest(clock, `pipeline ${request} api`);
    try {
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

  /** @throws PipelineError for what is refused; NotReached */
  async #die(request: Request, death: { at: number; how: 'intended' | 'made' }): Promise<void> {
    const { services, clock } = this.#world;
    const command = `pipeline ${request} api`;
    if (request === 'fast-rollback') {
      await die(this.#world, await planRollback(services, clock, { force: true }), death, command);
    } else await die(this.#world, await planRelease(services, clock, optionsOf(request)), death, command);
  }

  async #resume(): Promise<Ending> {
    const { services, clock } = this.#world;
    const runner = runnerOfTest(clock, 'pipeline resume api');
    try {
      return await this.#continue(runner, await planContinuation(runner, services));
    } catch (error) {
      // What cannot be continued says how to go on.
      if (!(error instanceof PipelineError) || error.code !== 'resume.impossible') return refused(error);
      return { ...(await this.#abort()), leftovers: [error.message] };
    }
  }

  async #continue(runner: RunnerOfTest, continuation: Continuation): Promise<Ending> {
    const { services } = this.#world;
    const { run, operation, direction, plan, journal, check } = continuation;
    if (direction === 'backward') return this.#abort();
    const { result } = await runOperation(runner, { operation, services, plan, continues: { run, journal, check } });
    return { outcome: result.outcome, leftovers: result.leftovers, version: String(result.state.version) };
  }

  async #abort(): Promise<Ending> {
    const { services, clock } = this.#world;
    const runner = runnerOfTest(clock, 'pipeline abort api');
    const ended = await abort(runner, services, 'abort');
    const { outcome = 'failed', version = 'none' } = ended?.run ?? {};
    // Once a rollback has replaced the instances, nothing takes it back.
    const isKept = runner.messages.some(({ code }) => code === 'undo.kept');
    return { outcome: isKept ? 'done' : (outcome as Outcome), leftovers: [], version };
  }
}

const refused = (error: unknown): Ending => ({
  outcome: (error as { outcome?: Outcome }).outcome ?? 'failed',
  leftovers: [messageOf(error)],
  version: 'none',
});

const optionsOf = (request: Request) => (request === 'release' ? {} : { bake: 'builder' as const });
