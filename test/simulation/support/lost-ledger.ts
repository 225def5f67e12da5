import { messageOf, type Outcome, PipelineError } from '@golden-pipeline/shared/errors';
import { findLeftovers } from '../../../src/fleet/leftovers/find-leftovers.ts';
import { readLeftoverFacts } from '../../../src/fleet/leftovers/read-leftovers.ts';
import { createLedger } from '../../../src/ledger/ledger.ts';
import { repairOperation } from '../../../src/repair/operation.ts';
import { planRepair } from '../../../src/repair/plan.ts';
import { runOperation } from '../../../src/runner/run-operation.ts';
import { runnerOfTest } from '../../runner/support/runner-context.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import type { Simulated } from '../../support/simulated.ts';
import { differences, type Ending, versionOf } from './invariants.ts';
import type { FleetSnapshot } from './snapshot.ts';

/**
 * Loses the ledger, repairs the fleet, and looks again once it is at rest. Later episodes know the releases, as after `ledger rebuild`.
 * @returns how the repair ended, and what it would find once more
 */
export async function repairWithoutLedger(world: Simulated, restMs: number): Promise<Ending & { again: string[] }> {
  const { services, clock } = world;
  const runner = runnerOfTest(clock, 'pipeline repair api');
  const lost = services.ledger;
  const identity = { owner: 'ben', host: 'elsewhere' };
  services.ledger = createLedger(createMemoryStore(), { environment: 'local', clock, identity });
  try {
    const lostRun = await lostRunOf(world);
    const plan = await planOnceRefreshed(world, lostRun);
    const { result } = await runOperation(runner, { operation: repairOperation, services, plan });
    // What Auto Scaling goes on with by itself.
    await clock.sleep(restMs);
    const again = findLeftovers(await readLeftoverFacts(services, clock)).map((one) => `${one.kind}: ${one.seen}`);
    const leftovers = result.error === undefined ? result.leftovers : [messageOf(result.error), ...result.leftovers];
    return { outcome: result.outcome, leftovers, version: result.state.version, again };
  } catch (error) {
    const outcome: Outcome = 'failed';
    return { outcome, leftovers: [messageOf(error)], version: 'none', again: [messageOf(error)] };
  } finally {
    for (const record of await lost.releases('api')) await services.ledger.addRelease(record);
  }
}

/** The run that the fleet is tagged with, which whoever repairs it must name; undefined where no group and no instance has its tag. */
async function lostRunOf({ services, clock }: Simulated): Promise<string | undefined> {
  const { groups, helpers } = await readLeftoverFacts(services, clock);
  return groups.find((one) => one.run)?.run?.id ?? helpers[0]?.run;
}

/** Plans the repair, as soon as it is not refused for an instance refresh. */
async function planOnceRefreshed(world: Simulated, lostRun: string | undefined): ReturnType<typeof planRepair> {
  const { services, clock } = world;
  for (;;) {
    try {
      return await planRepair(services, clock, { lostRun });
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'repair.refresh') throw error;
      await clock.sleep(5000);
    }
  }
}

/**
 * What of a fleet contradicts that it was repaired without a ledger: it serves one version with the size of before, nothing is suspended,
 * and nothing is left.
 */
export function repairViolations(before: FleetSnapshot, after: FleetSnapshot, again: readonly string[]): string[] {
  const { serving, idle } = after;
  const version = versionOf(serving.launches);
  const [, count] = before.serving.size;
  const expected = {
    size: before.serving.size,
    suspended: before.serving.suspended,
    claim: [],
    instances: Array(count).fill(`${version} InService Healthy`),
    targets: Array(count).fill(`${version} healthy`),
    weights: before.weights,
    idle: [],
    ...{ validated: [], helpers: [], refreshes: [] },
  };
  const ends = idle === undefined || idle.size[1] === 0 || idle.scheduled.length > 0;
  const found = {
    ...{ size: serving.size, suspended: serving.suspended, claim: serving.claim },
    ...{ instances: serving.instances, targets: serving.targets, weights: after.weights },
    idle: ends ? [] : idle.instances,
    ...{ validated: after.validated, helpers: after.helpers, refreshes: after.refreshes },
  };
  return [...differences(expected, found, ''), ...again.map((line) => `repair finds once more: ${line}`)];
}
