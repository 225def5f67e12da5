import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import { type DriftFacts, launchedVersion } from '../fleet/drift/drift.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import { findLeftovers } from '../fleet/leftovers/find-leftovers.ts';
import type { Leftover } from '../fleet/leftovers/leftover.ts';
import { readLeftoverFacts } from '../fleet/leftovers/read-leftovers.ts';
import { type Observation, observeFleet } from '../fleet/observe.ts';
import type { Services } from '../fleet/services.ts';
import { findInterruptedRun } from '../ledger/interrupted-runs.ts';
import type { RunRecord } from '../ledger/types.ts';
import { validate } from '../release/steps/validate.ts';
import { instantOf } from '../shared/instant.ts';
import { assertNamedRun, assertNoRefresh, assertNoUnknownRun } from './assert-restorable.ts';
import { alternative } from './choose-host.ts';
import { type RepairMethod, type RepairState, type RepairStep, unknownImage } from './state.ts';
import { repairCheck } from './steps/check.ts';
import { enableServing } from './steps/enable.ts';
import { launchNewImage } from './steps/launch.ts';
import { detachHost, rebake } from './steps/rebake.ts';
import { replaceLostHost } from './steps/replace-host.ts';
import { restoreLeftovers, restoreRest } from './steps/restore.ts';

/** The procedures, by how the image is repaired. */
const procedures: Record<RepairMethod, readonly RepairStep[]> = {
  nothing: [repairCheck],
  enable: [repairCheck, enableServing],
  rebake: [repairCheck, detachHost, rebake, validate, launchNewImage, replaceLostHost],
};

/** The same step, left out where restoring has made another group or image the one that counts. */
const whereChecked = (step: RepairStep): RepairStep => ({
  ...step,
  skip: async (context) =>
    context.state.unchecked ? 'the group launches another image by now' : await step.skip?.(context),
});

/** What was left is restored before the image is repaired, and after it where that was needed. */
export function repairSteps({
  repair,
  leftovers = [],
}: Pick<RepairState, 'repair' | 'leftovers'>): readonly RepairStep[] {
  const [check, ...image] = procedures[repair];
  if (!check || !leftovers.some((one) => one.restore)) return procedures[repair];
  return [restoreLeftovers, check, ...image.map(whereChecked), ...(image.length > 0 ? [restoreRest] : [])];
}

/**
 * Plans to remove what lost runs have left, which needs no ledger, and to make the image that the group launches one that can be launched:
 * a disabled one is enabled, one that is gone is baked again from a healthy host that serves its version. It only reads.
 * @param lostRun A run that the ledger does not know, and that a person says is over
 * @throws PipelineError `repair.not-a-release`, `repair.pending`, `repair.no-record`, each with what to do instead, where nothing is left;
 * `repair.unknown-run`, `repair.refresh`, `repair.no-such-run`
 */
export async function planRepair(
  services: Services,
  clock: Clock,
  { lostRun }: { lostRun?: string | undefined } = {},
): Promise<Plan<Services, RepairState>> {
  const { fleet } = services;
  const seen = await observeFleet(services);
  const [leftovers, { drifts, facts }, journal] = await Promise.all([
    readLeftovers(services, clock, lostRun),
    readDrift(services, { seen }),
    findInterruptedRun(services, fleet.app),
  ]);
  const image = await imageFacts(services, seen, facts).catch((error: unknown) => {
    if (!(error instanceof PipelineError) || !leftovers.some((one) => one.restore)) throw error;
    return { ...unrepaired, reason: `${error.message}; fix: ${error.fix ?? `pipeline status ${fleet.app}`}` };
  });
  const { reason, ...known } = image;
  const initial: RepairState = {
    ...seen.facts,
    ...known,
    bake: 'detach',
    ...(leftovers.length > 0 && { leftovers }),
    ...(lostRun !== undefined && { lostRun }),
    others: [
      ...(journal ? [journalLine(journal)] : []),
      ...(reason === undefined ? [] : [reason]),
      ...leftovers.filter((one) => !one.restore).map((one) => `${one.seen}; fix: ${one.change}`),
      ...drifts.filter((one) => one.severity !== 'error').map(({ message, fix }) => `${message}; fix: ${fix}`),
    ],
  };
  return createPlan<Services, RepairState>({
    operation: 'repair',
    app: fleet.app,
    environment: fleet.environment,
    steps: repairSteps(initial),
    initial,
    services,
    clock,
  });
}

/** What runs that are over have left. While a run holds the lock, what it has changed is not left. */
async function readLeftovers(services: Services, clock: Clock, lostRun: string | undefined): Promise<Leftover[]> {
  const lock = await services.ledger.lockOf(services.fleet.app);
  if (lock && instantOf(lock.expires) >= clock.now()) return [];
  const facts = await readLeftoverFacts(services, clock, [lostRun]);
  assertNamedRun(facts, lostRun);
  assertNoUnknownRun(facts);
  assertNoRefresh(facts);
  return findLeftovers(facts);
}

const journalLine = ({ id, app }: RunRecord): string =>
  `the ledger has the journal of run ${id}, which tells more than its tags: rather undo it by pipeline abort ${app}, or continue it by pipeline resume ${app}`;

/** What the plan says of an image that is not repaired. */
const unrepaired: Pick<RepairState, 'version' | 'commit' | 'repair' | 'knownGood' | 'broken'> = {
  version: 'unknown',
  commit: 'unknown',
  repair: 'nothing',
  knownGood: false,
  broken: { imageId: unknownImage, state: 'unknown' },
};

/** What is known of the image that the group launches, and how it is repaired. */
async function imageFacts({ fleet, ledger }: Services, seen: Observation, facts: DriftFacts) {
  const { imageId } = seen.facts.current;
  const version = launchedVersion(facts);
  if (imageId === undefined || version === undefined) throw notARelease(fleet, seen.facts.group, imageId);
  const image = facts.images.find((one) => one.imageId === imageId);
  const state = image?.state ?? 'gone';
  if (state === 'pending' || state === 'transient') {
    throw new PipelineError('repair.pending', `image ${imageId} of ${version} is ${state}`, {
      fix: 'wait until it is available; it is being made or copied at this moment',
    });
  }
  const repair: RepairMethod = state === 'available' ? 'nothing' : state === 'disabled' ? 'enable' : 'rebake';
  const record = await ledger.release(fleet.app, version);
  if (!record && repair === 'rebake') {
    throw new PipelineError(
      'repair.no-record',
      `the ledger has no record of ${version}, so nobody knows which commit its image must hold`,
      { fix: `use the ledger that the team releases with; or ${alternative(fleet, {})}` },
    );
  }
  return {
    version,
    commit: record?.commit ?? image?.commit ?? 'unknown',
    repair,
    broken: { imageId, state },
    knownGood: record?.knownGood ?? image?.knownGood ?? false,
    ...(record?.image && { recorded: record.image }),
    ...(record?.irreversible !== undefined && { irreversible: record.irreversible }),
    reason: undefined,
  };
}

function notARelease({ app }: Services['fleet'], group: string, imageId: string | undefined): PipelineError {
  return new PipelineError(
    'repair.not-a-release',
    `${group} launches ${imageId === undefined ? 'no image' : `image ${imageId}, which is not a release of ${app}`}`,
    {
      fix: `go to a release: pipeline fast-rollback ${app} VERSION (see pipeline images ${app}), or pipeline release ${app}`,
    },
  );
}
