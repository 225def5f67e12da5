import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { need } from '../../engine/need.ts';
import { explained, explainGroup } from '../../fleet/explain.ts';
import { findRefresh, startOwnRefresh, waitRefresh } from '../../fleet/refresh.ts';
import type { StepWith } from '../../fleet/services.ts';
import { registerNewInstances } from '../register-new-instances.ts';
import type { RollbackState } from '../state.ts';

type Facts = Pick<
  RollbackState,
  'group' | 'targetGroupArn' | 'current' | 'version' | 'templateVersion' | 'refreshId' | 'wait'
>;

/** Replaces the switched hosts by instances from the old image, in the background unless asked to wait. */
export const replaceSwitched: StepWith<Facts> = {
  id: 'replace-switched',
  title: 'Replace the switched instances',
  describe: ({ state }) => [
    `instance refresh of ${state.group}; Auto Scaling carries it out by itself`,
    state.wait ? 'waited for' : 'not waited for: traffic is on the old version by then',
  ],
  find: findRefresh,
  async run(context) {
    const { fleet } = context.services;
    const { group, version, current, wait } = context.state;
    const template = { id: current.templateId, version: need(context.state, 'templateVersion') };
    const command = `pipeline fast-rollback ${fleet.app} ${version} --method rolling`;
    // The group itself names this version already: there is nothing that Auto Scaling could roll back to.
    const start = async () => {
      await registerNewInstances(context);
      return startOwnRefresh(context, group, template, { rollback: false, again: true });
    };
    const refreshId = await start().catch((error: unknown) => {
      throw new PipelineError('replace-switched.not-started', `the hosts are not being replaced: ${messageOf(error)}`, {
        fix: `${version} serves; replace them later: ${command}`,
      });
    });
    context.note(`instance refresh ${refreshId} replaces the hosts; follow it: pipeline status ${fleet.app}`);
    if (!wait) return;
    const ended = await waitRefresh(context, refreshId, { endures: true });
    if (ended.status === 'Successful') return;
    const { causes } = await explained(explainGroup(context, group, context.state.targetGroupArn));
    throw new PipelineError(
      'replace-switched.failed',
      `instance refresh ${refreshId} ended with status ${ended.status}: ${ended.reason ?? 'no reason given'}`,
      { details: causes, fix: `${version} serves; replace the hosts later: ${command}` },
    );
  },
};
