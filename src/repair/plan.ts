import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import { launchedVersion } from '../fleet/drift/drift.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import { observeFleet } from '../fleet/observe.ts';
import type { Services } from '../fleet/services.ts';
import { validate } from '../release/steps/validate.ts';
import { alternative } from './choose-host.ts';
import type { RepairMethod, RepairState, RepairStep } from './state.ts';
import { repairCheck } from './steps/check.ts';
import { enableServing } from './steps/enable.ts';
import { launchNewImage } from './steps/launch.ts';
import { detachHost, rebake } from './steps/rebake.ts';
import { replaceLostHost } from './steps/replace-host.ts';

/** The procedures, by how the image is repaired. */
const procedures: Record<RepairMethod, readonly RepairStep[]> = {
  nothing: [repairCheck],
  enable: [repairCheck, enableServing],
  rebake: [repairCheck, detachHost, rebake, validate, launchNewImage, replaceLostHost],
};

export function repairSteps({ repair }: Pick<RepairState, 'repair'>): readonly RepairStep[] {
  return procedures[repair];
}

/**
 * Plans to make the image that the group launches one that can be launched: a disabled one is enabled, one that is gone is baked again from
 * a healthy host that serves its version. It only reads.
 * @throws PipelineError `repair.not-a-release`, `repair.pending`, `repair.no-record`, each with what to do instead
 */
export async function planRepair(services: Services, clock: Clock): Promise<Plan<Services, RepairState>> {
  const { fleet, ledger } = services;
  const seen = await observeFleet(services);
  const { drifts, facts } = await readDrift(services, { seen });
  const { imageId } = seen.facts.current;
  const version = launchedVersion(facts);
  if (imageId === undefined || version === undefined) throw notARelease(services, seen.facts.group, imageId);
  const image = facts.images.find((one) => one.imageId === imageId);
  const state = image?.state ?? 'gone';
  if (state === 'pending' || state === 'transient') {
    throw new PipelineError('repair.pending', `image ${imageId} of ${version} is ${state}`, {
      fix: 'wait until it is available; it is being made or copied at this moment',
    });
  }
  const repair = state === 'available' ? 'nothing' : state === 'disabled' ? 'enable' : 'rebake';
  const record = await ledger.release(fleet.app, version);
  if (!record && repair === 'rebake') {
    throw new PipelineError(
      'repair.no-record',
      `the ledger has no record of ${version}, so nobody knows which commit its image must hold`,
      { fix: `use the ledger that the team releases with; or ${alternative(fleet, {})}` },
    );
  }
  return createPlan<Services, RepairState>({
    operation: 'repair',
    app: fleet.app,
    environment: fleet.environment,
    steps: repairSteps({ repair }),
    initial: {
      ...seen.facts,
      version,
      commit: record?.commit ?? image?.commit ?? 'unknown',
      bake: 'detach',
      repair,
      broken: { imageId, state },
      others: drifts.filter((one) => one.severity !== 'error').map(({ message, fix }) => `${message}; fix: ${fix}`),
      knownGood: record?.knownGood ?? image?.knownGood ?? false,
      ...(record?.image && { recorded: record.image }),
      ...(record?.irreversible !== undefined && { irreversible: record.irreversible }),
    },
    services,
    clock,
  });
}

function notARelease({ fleet: { app } }: Services, group: string, imageId: string | undefined): PipelineError {
  return new PipelineError(
    'repair.not-a-release',
    `${group} launches ${imageId === undefined ? 'no image' : `image ${imageId}, which is not a release of ${app}`}`,
    {
      fix: `go to a release: pipeline fast-rollback ${app} VERSION (see pipeline images ${app}), or pipeline release ${app}`,
    },
  );
}
