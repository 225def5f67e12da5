import { PipelineError } from '@golden-pipeline/shared/errors';
import { readGroup, setTemplate } from '../../aws/groups.ts';
import { readRoutes } from '../../aws/listeners.ts';
import { need } from '../../engine/need.ts';
import { addTemplateVersion, dropTemplateVersion } from '../../fleet/add-template-version.ts';
import { trafficCommands } from '../../fleet/foreign-weights.ts';
import { emptyGroup, waitGroupReady } from '../../fleet/group-health.ts';
import { readSettings, scaleDownName, setActions, setSuspended } from '../../fleet/group-settings.ts';
import { pinTemplate } from '../../fleet/pin-template.ts';
import { restoreSettings } from '../../fleet/restore-settings.ts';
import type { ContextWith, FleetGroup, StepWith } from '../../fleet/services.ts';
import { restoreRoutes, routesTo, shareTraffic, trafficOf } from '../../fleet/traffic-groups.ts';
import { assertRollable } from '../assert-rollable.ts';
import type { TrafficFacts } from '../state.ts';

type Context = ContextWith<TrafficFacts>;

/** Suspended, these would keep a group from getting instances or from giving them to its target group. */
const needed = ['Launch', 'Terminate', 'AddToLoadBalancer', 'HealthCheck', 'ReplaceUnhealthy'];

/** Brings the idle group up to the size of the one that serves, on the new image, and waits until it is healthy; it gets no traffic yet. */
export const scaleUpIdleGroup: StepWith<TrafficFacts> = {
  id: 'scale-up-idle-group',
  title: 'Scale up the idle group',
  describe: ({ state }) => [
    `a new version of the launch template for ${need(state, 'idle').group}; what still runs there is terminated first`,
    `as many instances as ${state.group} has at that moment, all of them healthy in their target group, which has no traffic`,
  ],
  async run(context) {
    const { aws } = context.services;
    const { group, targetGroupArn } = context.state;
    const live = { group, targetGroupArn };
    const idle = need(context.state, 'idle');
    await assertRollable(context);
    await remember(context, live, idle);
    await enlist(context, live, idle);
    const { suspended, actions } = await readSettings(aws, idle.group);
    // What still runs there is from two releases ago; from now on nothing else may end or change this group.
    await setActions(
      context,
      idle.group,
      actions,
      actions.filter((one) => one.name !== scaleDownName),
    );
    await setSuspended(
      context,
      idle.group,
      suspended,
      suspended.filter((process) => !needed.includes(process)),
    );
    await pinTemplate(context);
    if (context.state.templateVersion === undefined) {
      await emptyGroup(context, idle);
      await addTemplateVersion(context, idle.group);
    }
    const template = { id: context.state.current.templateId, version: need(context.state, 'templateVersion') };
    const { launchTemplate } = await readGroup(aws.autoScaling, idle.group);
    if (launchTemplate.version !== template.version) {
      await context.change(
        { action: 'set-template', target: idle.group, data: { was: launchTemplate, to: template } },
        () => setTemplate(aws.autoScaling, idle.group, template),
      );
    }
    await waitGroupReady(context, idle, live);
    const { desired } = await readGroup(aws.autoScaling, idle.group);
    context.note(`${desired} instances of ${idle.group} are healthy; they have no traffic yet`);
  },
  async undo(context) {
    const { idleBefore, listenerArn, group, targetGroupArn } = context.state;
    const idle = need(context.state, 'idle');
    if (!idleBefore) return;
    // Ending instances that have traffic would be worse than anything that is left.
    const live = { group, targetGroupArn };
    if ((await trafficOf(context, listenerArn, live, idle)) < 1) {
      const commands = await trafficCommands(context, listenerArn, live, idle);
      throw new PipelineError('listener.has-traffic', `${idle.group} has traffic, so it is left as it is`, {
        fix: `give all traffic to ${group} (${commands.join(' && ')}), then undo the rest: pipeline abort ${context.services.fleet.app}`,
      });
    }
    const raised = context
      .changes()
      .some((one) => ['empty-group', 'set-template', 'set-capacity'].includes(one.action));
    if (raised) await emptyGroup(context, idle);
    await restoreSettings(context, idleBefore, 'capacity');
    if (raised && idleBefore.desired > 0) await waitGroupReady(context, idle, idle);
    await restoreRoutes(context, listenerArn, idleBefore.routes);
    await dropTemplateVersion(context);
  },
};

/** Saves, before the first change, what an undo restores. */
async function remember(context: Context, live: FleetGroup, idle: FleetGroup): Promise<void> {
  const { fleet, aws } = context.services;
  if (context.state.idleBefore) return;
  const [settings, routes] = await Promise.all([
    readSettings(aws, idle.group),
    readRoutes(aws.elb, context.state.listenerArn),
  ]);
  const known = routesTo(routes, fleet, [live, idle]).map(({ arn, weights }) => ({ arn, weights }));
  await context.save({ idleBefore: { ...settings, routes: known } });
}

/** A target group is health-checked as soon as a route names it, also with weight 0. */
async function enlist(context: Context, live: FleetGroup, idle: FleetGroup): Promise<void> {
  const { fleet, aws } = context.services;
  const routes = routesTo(await readRoutes(aws.elb, context.state.listenerArn), fleet, [live, idle]);
  const named = routes.every((route) => route.weights.some((one) => one.targetGroupArn === idle.targetGroupArn));
  if (!named) await shareTraffic(context, context.state.listenerArn, idle, live, 0);
}
