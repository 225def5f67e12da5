import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { startRefresh } from '../../aws/refreshes.ts';
import { explained, explainGroup } from '../../fleet/explain.ts';
import { waitRefresh } from '../../fleet/refresh.ts';
import type { RollbackStep } from '../../fleet/services.ts';

/** Replaces the switched hosts by machines from the old image, in the background unless asked to wait. */
export const converge: RollbackStep = {
  id: 'converge',
  title: 'Replace the hosts by machines from the old image',
  describe: ({ state }) => [
    `instance refresh of ${state.group}; Auto Scaling carries it out by itself`,
    state.wait ? 'waited for' : 'not waited for: traffic is on the old version by then',
  ],
  async run(context) {
    const { fleet, aws } = context.services;
    const { group, version, current, templateVersion, wait } = context.state;
    if (!templateVersion) throw new Error('the old image is not pinned');
    const template = { id: current.templateId, version: templateVersion };
    const cure = `pipeline fast-rollback ${fleet.app} ${version} --how roll`;
    const refreshId = await context
      .change({ action: 'start-refresh', target: group, data: template }, () =>
        // The group itself names this version already: there is nothing that Auto Scaling could roll back to.
        startRefresh(aws.autoScaling, group, template, fleet.release.refresh, { rollback: false }),
      )
      .catch((error: unknown) => {
        throw new PipelineError('converge.not-started', `the hosts are not being replaced: ${messageOf(error)}`, {
          hint: `${version} serves; replace them later: ${cure}`,
        });
      });
    await context.save({ refreshId });
    context.note(`instance refresh ${refreshId} replaces the hosts; follow it: pipeline status ${fleet.app}`);
    if (!wait) return;
    const ended = await waitRefresh(context, refreshId);
    if (ended.status === 'Successful') return;
    const { causes } = await explained(explainGroup(context, group, context.state.targetGroupArn));
    throw new PipelineError(
      'converge.failed',
      `instance refresh ${refreshId} ended ${ended.status}: ${ended.reason ?? 'no reason given'}`,
      { details: causes, hint: `${version} serves; replace the hosts later: ${cure}` },
    );
  },
};
