import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Drift, type DriftFacts, instanceVersion, launchedVersion } from '../fleet/drift/drift.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import type { ReturnFacts } from '../fleet/facts.ts';
import type { Observation } from '../fleet/observe.ts';
import type { ContextWith } from '../fleet/services.ts';

/**
 * What a release makes of each drift. Refused is what its undo could not lead back to: an image that cannot be launched, unless that was
 * agreed to, and a fleet of which no instance runs what the group launches. All else it replaces, and says so.
 * @throws PipelineError `preflight.no-rollback-target`, `preflight.drift`
 */
export async function assertRollbackTarget(
  context: Pick<ContextWith<Pick<ReturnFacts, 'noRollbackTarget'>>, 'services' | 'state' | 'note'>,
  seen: Observation,
): Promise<void> {
  const { services, state } = context;
  const { drifts, facts } = await readDrift(services, { seen });
  const unlaunchable = drifts.find((one) => one.severity === 'error');
  if (unlaunchable && !state.noRollbackTarget) throw noRollbackTarget(services.fleet.app, unlaunchable, facts);
  const astray = drifts.filter((one) => one.kind === 'instance-image');
  const launched = launchedVersion(facts);
  const none = facts.instances.length > 0 && !facts.instances.some((one) => runsLaunched(facts, one, launched));
  if (astray.length > 0 && none && !unlaunchable) {
    throw new PipelineError('preflight.drift', astray.map((one) => one.message).join('; '), {
      fix: `repair the drift first, because undoing a release would go to a version that no instance runs: ${drifts.map((one) => one.fix).join('; or ')}`,
    });
  }
  for (const { message, fix } of drifts) {
    context.note(`${message}${state.noRollbackTarget ? '; this release has no rollback target' : `; fix: ${fix}`}`);
  }
}

function runsLaunched(facts: DriftFacts, one: DriftFacts['instances'][number], launched: string | undefined): boolean {
  return one.switched || one.imageId === facts.template.imageId || instanceVersion(facts, one) === launched;
}

function noRollbackTarget(app: string, { kind, fix }: Drift, { template, images }: DriftFacts): PipelineError {
  const state = images.find((one) => one.imageId === template.imageId)?.state ?? 'gone';
  const what = kind === 'image-disabled' ? 'enables it' : 'bakes it again from a host';
  return new PipelineError(
    'preflight.no-rollback-target',
    `the image that serves now, ${template.imageId}, is ${state}: there would be no rollback target`,
    {
      fix: `${fix} ${what}; or release without a rollback target: pipeline release ${app} --no-rollback-target`,
    },
  );
}
