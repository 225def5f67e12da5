import { assertUnclaimed } from '../fleet/claim.ts';
import { type Observation, observeFleet } from '../fleet/observe.ts';
import { assertReady } from '../fleet/ready.ts';
import { assertSecrets } from '../fleet/secrets-check.ts';
import type { Services } from '../fleet/services.ts';
import { assertRollbackTarget } from './drift-gate.ts';
import type { ReleaseContext, ReleaseState } from './state.ts';

/**
 * What a release is refused for on a fleet that nobody is changing. It only reads.
 * @throws PipelineError as {@link assertRollbackTarget}, {@link assertSecrets} and {@link assertUnclaimed}
 */
export async function assertAcceptsRelease(
  context: Pick<ReleaseContext, 'services' | 'state' | 'note'> & { run: Pick<ReleaseContext['run'], 'id'> },
  seen: Observation,
): Promise<void> {
  await assertRollbackTarget(context, seen);
  await assertSecrets(context.services, seen.facts.current);
  await assertUnclaimed(context);
}

/**
 * Checks a fleet as the first step of a release with these facts would, without a run.
 * @throws PipelineError as {@link assertReady} and {@link assertAcceptsRelease}
 */
export async function assertFleetAcceptsRelease(services: Services, state: ReleaseState): Promise<void> {
  const seen = await observeFleet(services);
  await assertReady(services, seen);
  await assertAcceptsRelease({ services, state, note: () => {}, run: { id: '' } }, seen);
}
