import { readGroup } from '../../aws/groups.ts';
import {
  cancelRefresh,
  isActive,
  type Refresh,
  readRefresh,
  rollbackRefresh,
  startRefresh,
} from '../../aws/refreshes.ts';
import { PipelineError } from '../../shared/errors.ts';
import { type RollContext, times } from '../services.ts';

/**
 * Waits until a refresh has ended, whichever way.
 * @param look Called while it goes forward; a throw ends the wait.
 */
export async function waitRefresh(
  context: RollContext,
  refreshId: string,
  look?: () => Promise<void>,
): Promise<Refresh> {
  const { fleet, aws } = context.services;
  const refresh = await context.poll({
    what: `the instance refresh of ${context.state.group} to end`,
    read: async () => {
      const one = await readRefresh(aws.autoScaling, context.state.group, refreshId);
      if (isActive(one) && !one.status.startsWith('Rollback') && one.status !== 'Cancelling') await look?.();
      return one;
    },
    until: (one) => one !== undefined && !isActive(one),
    progress: (one) => {
      if (one) context.progress(`${one.status}, ${one.left} to replace`, { done: one.percentage, total: 100 });
    },
    ...times(fleet, 'refresh'),
  });
  return refresh as Refresh;
}

/**
 * Puts the fleet back on the template version that it had: turns an active refresh round, or starts one that goes back.
 * Judged by the cloud as it is, so it may be called at any time.
 * @throws PipelineError `refresh.not-rolled-back`
 */
export async function refreshBack(context: RollContext): Promise<void> {
  const { fleet, aws } = context.services;
  const { group: name, current } = context.state;
  const active = await readRefresh(aws.autoScaling, name);
  if (isActive(active)) {
    await context.change({ action: 'rollback-refresh', target: active.id }, async () => {
      if (active.status !== 'RollbackInProgress' && !(await rollbackRefresh(aws.autoScaling, name))) {
        await cancelRefresh(aws.autoScaling, name);
      }
    });
    await waitRefresh(context, active.id);
  }
  const group = await readGroup(aws.autoScaling, name);
  const astray = group.instances.some((instance) => instance.templateVersion !== current.templateVersion);
  if (!astray && group.launchTemplate.version === current.templateVersion) return;
  const template = { id: current.templateId, version: current.templateVersion };
  const id = await context.change({ action: 'start-refresh', target: name, data: { ...template } }, () =>
    startRefresh(aws.autoScaling, name, template, fleet.release.refresh),
  );
  const ended = await waitRefresh(context, id);
  if (ended.status === 'Successful') return;
  throw new PipelineError(
    'refresh.not-rolled-back',
    `the refresh back to template version ${template.version} ended ${ended.status}: ${ended.reason}`,
  );
}
