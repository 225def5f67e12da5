import { PipelineError } from '@golden-pipeline/shared/errors';
import { setTemplate } from '../../aws/groups.ts';
import { need } from '../../engine/need.ts';
import { assertServing } from '../../fleet/foreign-weights.ts';
import { waitGroupReady } from '../../fleet/group-health.ts';
import { readSettings, scaleDownName, setActions, setSuspended } from '../../fleet/group-settings.ts';
import { restoreSettings } from '../../fleet/restore-settings.ts';
import type { ContextWith, FleetGroup, GroupSettings, StepWith } from '../../fleet/services.ts';
import { ownsTraffic, readStickiness, shareTraffic, trafficOf } from '../../fleet/traffic-groups.ts';
import { promote, transferScaling } from '../../release/steps/promote.ts';
import { recordRolledBack } from '../record-rolled-back.ts';
import { withSecondAttempt } from '../second-attempt.ts';
import type { SwitchState } from '../state.ts';
import { switchFacts } from '../switch-facts.ts';

type Context = ContextWith<SwitchState>;

/** Milliseconds between two readings at the most: here every second counts, and there are only a few readings. */
const readEveryMs = 250;

/**
 * Gives all traffic to the group that still runs the version to go back to: first it is found healthy, then the weights change,
 * and only then is the other group's end scheduled (by `transfer-settings`). Its instances go on, so no request in progress is cut.
 */
export const switchTraffic: StepWith<SwitchState> = {
  id: 'switch-traffic',
  title: 'Switch traffic to the old group',
  // Traffic is on the version that was requested: what fails after this must not give it back to the bad one.
  commits: true,
  async describe({ state, services }) {
    const sticky = await readStickiness(services, state.listenerArn, [state, need(state, 'idle')]);
    return [
      `${need(state, 'idle').group} still runs ${state.version}: its scheduled end is taken away, and it is brought up to the size of ${state.group}`,
      'once it is healthy, one change gives it all traffic',
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
    const to = switched?.to ?? need(context.state, 'idle');
    let seen: GroupSettings | undefined;
    if (!switched) {
      const [facts, before] = await Promise.all([
        switchFacts(context.services, context.state, context.state.imageId),
        readSettings(aws, to.group),
      ]);
      if (!facts.template) {
        throw new PipelineError('switch.impossible', `traffic cannot be switched to ${to.group}: ${facts.why}`, {
          fix: `go back by a refresh: pipeline fast-rollback ${context.run.app} ${context.state.version} --method rolling`,
        });
      }
      seen = before;
      await context.save({ switched: { before, from, to }, templateVersion: facts.template.version });
    }
    await prepare(context, to, seen ?? (await readSettings(aws, to.group)));
    await waitGroupReady(context, to, from, Math.min(readEveryMs, context.services.fleet.release.pollSeconds * 1000));
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
      if (await ownsTraffic(context, listenerArn, [from, to])) await waitGroupReady(context, from, to);
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

/** Nothing may end or change the group from now on, and what it launches must be the version to go back to. */
async function prepare(context: Context, to: FleetGroup, now: GroupSettings): Promise<void> {
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
export const transferSettings: StepWith<SwitchState> = {
  ...promote,
  id: 'transfer-settings',
  title: 'Transfer the scaling settings',
  run: (context) => withSecondAttempt(context, transfer),
  // Without it the group that serves would not scale, and the other one would not end.
  complete: transfer,
  undo: undefined,
};

async function transfer(context: ContextWith<SwitchState>): Promise<void> {
  // Completed by another process, maybe hours later: by then the traffic may be with the other group again.
  await assertServing(context, context.state.listenerArn, context.state, need(context.state, 'idle'));
  await recordRolledBack(context);
  await transferScaling(context);
}
