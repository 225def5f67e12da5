import { readImage } from '../aws/images.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { createPlan } from '../run/plan.ts';
import type { Plan, Step } from '../run/step.ts';
import type { Clock } from '../shared/clock.ts';
import { PipelineError, usageError } from '../shared/errors.ts';
import { announce } from '../steps/announce.ts';
import { roll } from '../steps/roll.ts';
import { rollbackPreflight } from '../steps/rollback-preflight.ts';
import type { FleetFacts, RollState, Services } from '../steps/services.ts';
import { settle } from '../steps/settle.ts';
import { observeFleet } from '../steps/support/observe.ts';
import { switchFacts } from '../steps/support/switch-facts.ts';
import { switchBack } from '../steps/switch.ts';
import { verify } from '../steps/verify.ts';
import { rollbackTarget } from './versions.ts';

/** The procedures: by one change of weights to a group that still runs the version, or by a refresh to the kept image. */
const ways: Record<'switch' | 'roll', Step<Services, RollState>[]> = {
  switch: [rollbackPreflight, switchBack, settle, announce],
  roll: [rollbackPreflight, roll, verify, announce],
};

export interface RollbackOptions {
  /** Without it: the last known-good version before the current one. */
  version?: string;
  /** Goes back to an image that was never known-good too. */
  force: boolean;
  /** Without it, or with `auto`: the fastest that can be gone. */
  how?: 'auto' | 'switch' | 'roll';
}

/**
 * Plans the way back to a kept image: only reads.
 * @throws PipelineError when there is no such release, or its image cannot serve.
 */
export async function planRollback(
  services: Services,
  clock: Clock,
  options: RollbackOptions,
): Promise<Plan<Services, RollState>> {
  const { fleet, ledger, aws } = services;
  const releases = await ledger.releases(fleet.app);
  const { facts } = await observeFleet(services);
  const target = choose(releases, facts.current.version, options, fleet.app);
  const image = target.image && (await readImage(aws.ec2, target.image.imageId));
  if (image?.state !== 'available') {
    throw new PipelineError('rollback.image-gone', `the image of ${target.version} is ${image?.state ?? 'gone'}`, {
      hint: `choose another: pipeline images ${fleet.app}`,
    });
  }
  const how = await chooseWay(services, facts, image.imageId, options);
  return createPlan<Services, RollState>({
    operation: 'fast-rollback',
    app: fleet.app,
    environment: fleet.environment,
    steps: ways[how],
    initial: { ...facts, version: target.version, commit: target.commit, imageId: image.imageId, how },
    services,
    clock,
  });
}

/** @throws usage error `rollback.no-switch` saying why, when only a switch is wanted and there is nothing to switch to */
async function chooseWay(
  services: Services,
  facts: FleetFacts,
  imageId: string,
  { how = 'auto' }: RollbackOptions,
): Promise<'switch' | 'roll'> {
  if (how === 'roll') return how;
  const { template, why } = await switchFacts(services, facts, imageId);
  if (template) return 'switch';
  if (how === 'auto') return 'roll';
  throw usageError('rollback.no-switch', `traffic cannot be switched: ${why}`, 'go back by a refresh: --how roll');
}

function choose(
  releases: ReleaseRecord[],
  serving: string | undefined,
  { version, force }: RollbackOptions,
  app: string,
): ReleaseRecord {
  if (version === undefined) {
    const last = rollbackTarget(releases, serving);
    if (last) return last;
    throw new PipelineError(
      'rollback.no-target',
      `${app} has no known-good release before ${serving ?? 'the first one'}`,
      {
        hint: `see what there is: pipeline images ${app}`,
      },
    );
  }
  const known = releases.map((release) => release.version).join(', ') || 'none';
  const release = releases.find((one) => one.version === version);
  if (!release)
    throw usageError(
      'rollback.unknown-version',
      `${app} has no release ${version}; there are: ${known}`,
      `pipeline images ${app}`,
    );
  if (version === serving)
    throw usageError('rollback.same-version', `${app} serves ${version} already`, `pipeline status ${app}`);
  if (!release.image || (!release.knownGood && !force)) {
    throw usageError(
      'rollback.not-known-good',
      `${version} of ${app} ${release.image ? 'never served a whole verify window' : 'has no image'}`,
      release.image ? 'choose another version, or insist with --force' : `choose another: pipeline images ${app}`,
    );
  }
  return release;
}
