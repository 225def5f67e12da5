import { PipelineError } from '@golden-pipeline/shared/errors';
import { setTemplate } from '../../aws/groups.ts';
import type { Step } from '../../engine/step.ts';
import { proveColour } from '../../fleet/group-health.ts';
import { readSettings, scaleDownName, setActions, setSuspended } from '../../fleet/group-settings.ts';
import { restoreSettings } from '../../fleet/restore-settings.ts';
import type { Colour, GroupSettings, RollContext, RollState, Services } from '../../fleet/services.ts';
import { idleOf, ownsTraffic, readStickiness, shareTraffic, trafficOf } from '../../fleet/traffic-groups.ts';
import { settle } from '../../release/steps/promote.ts';
import { noteLeft } from '../record-rolled-back.ts';
import { switchFacts } from '../switch-facts.ts';

/** Milliseconds between two readings at the most: here every second counts, and there are only a few readings. */
const readEveryMs = 250;

/**
 * Gives all traffic to the colour that still runs the version to go back to: first it is proven healthy, then the weights change,
 * and only then is the other colour's end scheduled (by `settle`). Its machines go on, so no request under way is cut.
 */
export const switchBack: Step<Services, RollState> = {
  id: 'switch',
  title: 'Switch the traffic',
  // Traffic is on the version that was asked for: what fails after this must not give it back to the bad one.
  commits: true,
  async describe({ state, services }) {
    const sticky = await readStickiness(services, state.listenerArn, [state, idleOf(state)]);
    return [
      `${idleOf(state).group} still runs ${state.version}: its scheduled end is taken away, and it is brought up to the size of ${state.group}`,
      'once it is proven healthy, one change gives it all traffic',
      ...(sticky === undefined
        ? []
        : [
            `the same change turns stickiness to target groups off: it would keep clients on ${state.group} for up to ${sticky} s`,
          ]),
    ];
  },
  async run(context) {
    const { aws } = context.services;
    const { switched, group, targetGroupArn, listenerArn } = context.state;
    const from = switched?.from ?? { group, targetGroupArn };
    const to = switched?.to ?? idleOf(context.state);
    let seen: GroupSettings | undefined;
    if (!switched) {
      const [facts, before] = await Promise.all([
        switchFacts(context.services, context.state, context.state.imageId),
        readSettings(aws, to.group),
      ]);
      if (!facts.template) {
        throw new PipelineError('switch.impossible', `traffic cannot be switched to ${to.group}: ${facts.why}`, {
          hint: `go back by a refresh: pipeline fast-rollback ${context.run.app} ${context.state.version} --how roll`,
        });
      }
      seen = before;
      await context.save({ switched: { before, from, to }, templateVersion: facts.template.version });
    }
    await prepare(context, to, seen ?? (await readSettings(aws, to.group)));
    await proveColour(context, to, from, Math.min(readEveryMs, context.services.fleet.release.pollSeconds * 1000));
    await shareTraffic(context, listenerArn, to, from, 100, { unstick: true });
    await context.save({ ...to, idle: from });
    const seconds = (context.clock.now() - context.run.startedAt) / 1000;
    context.note(`all traffic is on ${context.state.version} (${to.group}) ${seconds.toFixed(1)} s after the command`);
  },
  async undo(context) {
    const { switched, listenerArn } = context.state;
    if (!switched) return;
    const { before, from, to } = switched;
    if (context.changes().some((one) => one.action === 'set-weights' && !one.undoing)) {
      if (await ownsTraffic(context, listenerArn, [from, to])) await proveColour(context, from, to);
      await shareTraffic(context, listenerArn, from, to, 100, { ownOnly: true });
      // Ending instances that have traffic would be worse than anything that is left.
      if ((await trafficOf(context, listenerArn, from, to)) < 1) {
        throw new Error(`${to.group} has traffic, so it is left as it is`);
      }
    }
    await context.save({ ...from, idle: to });
    await restoreSettings(context, before, 'capacity');
  },
};

/** Nothing may end or change the colour from now on, and what it launches must be the version to go back to. */
async function prepare(context: RollContext, to: Colour, now: GroupSettings): Promise<void> {
  const { aws } = context.services;
  const { current, templateVersion } = context.state;
  const { actions, template, suspended } = now;
  await setActions(
    context,
    to.group,
    actions,
    actions.filter((one) => one.name !== scaleDownName),
  );
  if (template.version !== templateVersion && templateVersion !== undefined) {
    const wanted = { id: current.templateId, version: templateVersion };
    await context.change({ action: 'set-template', target: to.group, data: { was: template, to: wanted } }, () =>
      setTemplate(aws.autoScaling, to.group, wanted),
    );
  }
  const needed = ['Launch', 'AddToLoadBalancer'];
  await setSuspended(
    context,
    to.group,
    suspended,
    suspended.filter((process) => !needed.includes(process)),
  );
}

/** The same as after a release, once the ledger knows which version was left. */
export const settleBack: Step<Services, RollState> = {
  ...settle,
  async run(context) {
    await noteLeft(context);
    await settle.run(context);
  },
};
