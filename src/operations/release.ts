import { describeWorkTree, resolveCommit } from '../hosts/git.ts';
import { assertTools } from '../hosts/tools.ts';
import { createPlan } from '../run/plan.ts';
import type { Plan } from '../run/step.ts';
import type { Clock } from '../shared/clock.ts';
import { usageError } from '../shared/errors.ts';
import { announce } from '../steps/announce.ts';
import { bake, detach } from '../steps/bake.ts';
import { preflight } from '../steps/preflight.ts';
import { prove } from '../steps/prove.ts';
import { retain } from '../steps/retain.ts';
import { roll } from '../steps/roll.ts';
import type { ReleaseState, ReleaseStep, Services } from '../steps/services.ts';
import { builder, stage } from '../steps/stage.ts';
import { observeFleet } from '../steps/support/observe.ts';
import { verify } from '../steps/verify.ts';
import { nextVersion } from './versions.ts';

/** The procedure on a host of the fleet. */
const onHost: ReleaseStep[] = [preflight, stage, detach, bake, prove, roll, verify, retain, announce] as ReleaseStep[];

/** The procedure on a throwaway machine: nothing to take out of the load balancer. */
const onBuilder: ReleaseStep[] = [
  preflight,
  builder,
  stage,
  bake,
  prove,
  roll,
  verify,
  retain,
  announce,
] as ReleaseStep[];

export interface ReleaseOptions {
  /** Branch, tag or hash. Without it: `HEAD`, and then the work tree must have nothing that would silently not be released. */
  ref?: string;
  /** Forces a way to bake; without it the fleet's setting, or a builder when fewer than two hosts are healthy. */
  bake?: 'detach' | 'builder';
}

/**
 * Plans the release of a commit: only reads.
 * @throws PipelineError for a missing program, an unknown ref, a missing repository or a missing fleet.
 */
export async function planRelease(
  services: Services,
  clock: Clock,
  options: ReleaseOptions,
): Promise<Plan<Services, ReleaseState>> {
  const { fleet, ledger } = services;
  assertTools();
  const { repository } = fleet.source;
  const ref = options.ref ?? 'HEAD';
  const commit = await resolveCommit({ repository, ref });
  if (options.ref === undefined) await assertClean(fleet.source);
  const { facts, healthy } = await observeFleet(services);
  const asked = options.bake ?? fleet.release.bake;
  const bakeHow = asked === 'detach' && (options.bake === 'detach' || healthy.length >= 2) ? 'detach' : 'builder';
  return createPlan<Services, ReleaseState>({
    operation: 'release',
    app: fleet.app,
    environment: fleet.environment,
    steps: bakeHow === 'detach' ? onHost : onBuilder,
    initial: {
      ...facts,
      ref,
      commit,
      bake: bakeHow,
      version: nextVersion(await ledger.releases(fleet.app)),
    },
    services,
    clock,
  });
}

/** @throws usage error `git.dirty` naming what is not committed */
async function assertClean(source: Services['fleet']['source']): Promise<void> {
  const { clean, changes } = await describeWorkTree(source);
  if (clean) return;
  const shown = changes.slice(0, 5).map((change) => change.trim());
  const more = changes.length > shown.length ? [`and ${changes.length - shown.length} more`] : [];
  throw usageError(
    'git.dirty',
    `${source.path} has changes that are not committed, and only commits are released`,
    'commit them, or say that you mean the last commit: --ref HEAD',
    [...shown, ...more],
  );
}
