import { PipelineError } from '@golden-pipeline/shared/errors';
import { cancelRefresh, isActive, readRefresh } from '../aws/refreshes.ts';
import type { NewTemplate, RefreshFacts, ReturnFacts } from './facts.ts';
import { isAstray, isOurs, waitRefresh } from './refresh.ts';
import type { ContextWith, FleetGroup } from './services.ts';

/** False when the image that served before the release cannot be launched, which was agreed to. */
export function leadsBack({ noRollbackTarget = false, unlaunchable = false }: ReturnFacts): boolean {
  return !(noRollbackTarget && unlaunchable);
}

/**
 * Ends this run's refresh where nothing leads back: the instances that it has not replaced go on serving.
 * @throws PipelineError `roll.no-rollback-target` when instances of the new version are left
 */
export async function stopRefresh(
  context: ContextWith<FleetGroup & { version: string } & NewTemplate & RefreshFacts>,
): Promise<void> {
  const { aws, fleet } = context.services;
  const { group, version } = context.state;
  const active = await readRefresh(aws.autoScaling, group);
  if (isActive(active) && isOurs(context, active)) {
    await context.change({ action: 'cancel-refresh', target: active.id }, () => cancelRefresh(aws.autoScaling, group));
    await waitRefresh(context, active.id, { back: true });
  }
  if (!(await isAstray(context))) return;
  throw new PipelineError(
    'roll.no-rollback-target',
    `instances of ${version} are left in ${group}: the image before it cannot be launched, so nothing was rolled back (--no-rollback-target). See pipeline status ${fleet.app}; then pipeline repair ${fleet.app}, or release a fix`,
  );
}
