import { isDeepStrictEqual } from 'node:util';
import { PipelineError } from '@golden-pipeline/shared/errors';
import type { RunResult } from '../../../src/engine/execute.ts';
import { NotReached } from '../../support/dying.ts';
import { Simulated } from '../../support/simulated.ts';
import { type CapacityWatch, watchCapacity } from './capacity.ts';
import { Commands, refused } from './commands.ts';
import {
  changesVersion,
  describeEpisode,
  type Episode,
  type History,
  type Request,
  sizeOf,
  type Trouble,
} from './episodes.ts';
import { type Ending, violationsOf } from './invariants.ts';
import { ledgerViolations } from './ledger-agreement.ts';
import { repairViolations, repairWithoutLedger } from './lost-ledger.ts';
import { NumberedCalls } from './numbered-calls.ts';
import { readResources, resourceViolations } from './resources.ts';
import { claimsOf, type FleetSnapshot, readSnapshot, withoutClaim } from './snapshot.ts';

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
  readonly #commands: Commands;
  readonly #capacity: CapacityWatch;

  private constructor(world: Simulated) {
    this.#world = world;
    this.#commands = new Commands(world);
    this.#calls = new NumberedCalls(world);
    this.#capacity = watchCapacity(world);
  }

  /** A fleet with two releases on it, so that there is one to go back to. */
  static async create(history: History): Promise<Simulation> {
    const { seed, strategy, instances, switching = false } = history;
    const blueGreen = "strategy: 'blue-green', weights: [50, 100], stepSeconds: 1, rollbackWindow: 86_400,";
    const world = await Simulated.create(
      [
        ['keep: 5,', 'keep: 3,'],
        ['capacity: { min: 4, max: 12 }', `capacity: { min: ${instances}, max: 12 }`],
        ['verifySeconds: 5,', `${strategy === 'blue-green' ? blueGreen : ''} verifySeconds: 2,`],
      ],
      { seed, sharedProject: true, switching },
    );
    const body = Array.from({ length: 400 }, (_, index) => `"version":"v${index}"`).join(',');
    world.answers.to = () => ({ status: 200, body });
    const simulation = new Simulation(world);
    for (const _ of [1, 2]) {
      const { outcome, leftovers } = await simulation.#commands.request('release');
      if (outcome !== 'done') throw new Error(`the fleet of seed ${seed} could not be made: ${leftovers.join('; ')}`);
      await world.clock.sleep(restMs);
    }
    return simulation;
  }

  /** Plays an episode to its end and compares the fleet with what the product says of it. */
  async play(episode: Episode): Promise<Told> {
    const { trouble } = episode;
    const found = await readSnapshot(this.#world);
    const before = withoutClaim(found);
    const already = await this.#released([]);
    const had = readResources(this.#world);
    this.#capacity.take();
    // The instance that is baked is out of service, with a minimum that was lowered for it.
    const size = sizeOf(episode.request);
    this.#capacity.expect(Math.max(1, Math.min(before.serving.size[1], size ?? Number.POSITIVE_INFINITY) - 1));
    this.#calls.restart(trouble?.kind === 'fault' ? trouble : undefined);
    const { ending: reported, struck, violations: others = [] } = await this.#end(episode);
    const same = changesVersion(episode.request) ? undefined : (/v\d+$/.exec(before.serving.launches)?.[0] ?? 'none');
    const ending = { ...reported, ...(same && { version: same }), ...(size !== undefined && { size }) };
    this.#calls.restart();
    await this.#world.clock.sleep(restMs);
    const left = await readSnapshot(this.#world);
    const after = this.#mayKeepClaim(found, left, reported) ? withoutClaim(left) : left;
    const has = readResources(this.#world);
    const keepsSwitched = episode.request === 'fast-rollback' && trouble?.kind === 'kill' && trouble.then === 'abort';
    const wrong = reported.again
      ? repairViolations(before, after, reported.again)
      : [
          ...violationsOf(before, after, ending),
          ...resourceViolations(had, has, ending, { released: await this.#released(already), keepsSwitched }),
          ...(await ledgerViolations(this.#world, after, has)),
        ];
    const violations = [...others, ...this.#capacity.take(), ...wrong];
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

  async #end({
    request,
    trouble,
  }: Episode): Promise<{ ending: Ending & { again?: string[] }; struck: boolean; violations?: string[] }> {
    if (trouble?.kind === 'rival') return this.#endWithRival(request, trouble);
    if (trouble?.kind !== 'kill') {
      const first = await this.#commands.request(request);
      const ending = first.outcome === 'manual-intervention' ? await this.#fix(request, first) : first;
      return { ending, struck: trouble !== undefined && this.#calls.struck.length > 0 };
    }
    const { number: at, how } = trouble;
    try {
      await this.#commands.die(request, { at, how });
    } catch (error) {
      if (error instanceof PipelineError) return { ending: refused(error), struck: false };
      // It had ended before.
      if (!(error instanceof NotReached) || error.cause instanceof Error) throw error;
      const { outcome, leftovers, state } = error.cause as RunResult<{ version: string }>;
      return { ending: { outcome, leftovers, version: state.version }, struck: false };
    }
    // Ids of runs order by the second.
    await this.#world.clock.sleep(1000);
    if (trouble.then === 'abort') return { ending: await this.#commands.abort(), struck: true };
    if (trouble.then === 'resume') return { ending: await this.#commands.resume(), struck: true };
    if (trouble.then === 'repair without the ledger') {
      return { ending: await repairWithoutLedger(this.#world, restMs), struck: true };
    }
    if (trouble.then === 'the same command') return { ending: await this.#commands.request(request), struck: true };
    const ending = await this.#commands.request('fast-rollback');
    // A rollback that is refused ends nothing: the killed run is still to be undone.
    const isRefused = ['failed', 'usage'].includes(ending.outcome);
    return { ending: isRefused ? await this.#commands.abort() : ending, struck: true };
  }

  /**
   * A run whose tags cannot be removed says so, and ends as it would have without that: they stay until the next one. So do those of before
   * with a run that changes nothing.
   */
  #mayKeepClaim(before: FleetSnapshot, after: FleetSnapshot, { outcome }: Ending): boolean {
    if (this.#calls.struck.some(({ operation }) => operation === 'DeleteTags')) return true;
    return outcome !== 'done' && isDeepStrictEqual(claimsOf(before), claimsOf(after));
  }

  /** Runs the one command that puts right what could not be finished; what it does not cover stays manual intervention. */
  async #fix(request: Request, ending: Ending): Promise<Ending> {
    // An image that cannot be deleted stays for the next prune.
    if (request === 'images prune') return this.#commands.request(request);
    // The old version serves, on instances that are not replaced yet.
    const isSwitched = ending.leftovers.some((line) => line.includes('Replace the switched instances'));
    return isSwitched ? this.#commands.rollBackByRolling(ending.version) : ending;
  }

  /** What a second operator does while a run is active must be refused, and leave no record of a run. */
  async #endWithRival(request: Request, { number, request: other }: Extract<Trouble, { kind: 'rival' }>) {
    const { ledger, fleet } = this.#world.services;
    const runs = async () => (await ledger.runs(fleet.app)).map(({ id }) => id).join();
    const violations: string[] = [];
    let struck = false;
    this.#calls.before(number, async () => {
      struck = true;
      const had = await runs();
      const { outcome } = await this.#commands.request(other);
      const isRefused = ['locked', 'failed', 'usage'].includes(outcome) && (await runs()) === had;
      if (!isRefused) violations.push(`${other} by somebody else was not refused: ${outcome}`);
    });
    return { ending: await this.#commands.request(request), struck, violations };
  }
}
