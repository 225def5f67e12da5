import { readGroup, setCapacity } from '../../aws/groups.ts';
import type { ScalingPolicy } from '../../aws/scaling-settings.ts';
import { need } from '../../engine/need.ts';
import { assertServing } from '../../fleet/foreign-weights.ts';
import { readSettings, scaleDownName, setActions, setPolicies, setSuspended } from '../../fleet/group-settings.ts';
import { restoreSettings } from '../../fleet/restore-settings.ts';
import { makeDefault, restoreDefaultVersion } from '../../fleet/restore-template.ts';
import { moveEvent, restoreEvent } from '../../fleet/scaling/transfer.ts';
import type { ContextWith, FleetGroup, GroupSettings, StepWith } from '../../fleet/services.ts';
import { type Size, sizeToRestore } from '../../fleet/size-to-restore.ts';
import { instantText } from '../../shared/instant.ts';
import type { TrafficFacts } from '../state.ts';
import { trafficBack } from './shift-traffic.ts';

type Context = ContextWith<TrafficFacts>;

/**
 * Gives the group that serves now all that scales the fleet, and leaves the end of the other one to a scheduled action of Auto
 * Scaling: until then the traffic can be switched back, and no process of ours has to stay alive for it.
 */
export const promote: StepWith<TrafficFacts> = {
  id: 'promote',
  title: 'Promote the new group',
  describe: ({ services: { fleet } }) => [
    'limits, scaling policies, scheduled actions and suspended processes go to the group that serves now',
    `the other one stays whole for ${fleet.release.rollbackWindow} s, then a scheduled action of Auto Scaling ends it`,
  ],
  async run(context) {
    await assertServing(context, context.state.listenerArn, context.state, need(context.state, 'idle'));
    await transferScaling(context);
  },
  async undo(context) {
    const { settings } = context.state;
    // First of all the requests: the group that served before is still whole.
    await trafficBack(context);
    await restoreDefaultVersion(context);
    await restoreEvent(context);
    if (!settings) return;
    await restoreSettings(context, settings.idle, 'nothing');
    await restoreSettings(context, settings.live, 'nothing');
    await restoreLimits(context);
  },
};

/** The work of {@link promote}, for a group that is known to have all of the traffic. */
export async function transferScaling(context: Context): Promise<void> {
  const { group, targetGroupArn } = context.state;
  const serving = { group, targetGroupArn };
  const former = need(context.state, 'idle');
  const { live, idle } = context.state.settings ?? (await rememberSettings(context, former));
  await carryLimits(context, live, idle);
  const policies = idle.policies.map((policy) => forTargetGroup(policy, former, serving));
  await setPolicies(context, group, live.policies, policies);
  tellAlarms(context, live, idle, serving);
  const own = (name: string) => name === scaleDownName;
  const actions = idle.actions.filter((one) => !own(one.name));
  const others = live.actions.filter((one) => !own(one.name) && !actions.some((other) => other.name === one.name));
  await setActions(context, group, live.actions, [...others, ...actions]);
  await setSuspended(context, group, live.suspended, idle.suspended);
  // What scales the fleet must not scale a group that serves nobody; but its end must come.
  const atRest = [...idle.suspended.filter((process) => process !== 'ScheduledActions'), 'AlarmNotification'];
  await setSuspended(context, former.group, idle.suspended, [...new Set(atRest)]);
  await setPolicies(context, former.group, idle.policies, idle.policies.map(forecastOnly));
  await moveEvent(context, former.group, group);
  await scheduleEnd(context, former, idle);
  if (context.state.templateVersion !== undefined) await makeDefault(context);
}

/** Saves, before the first change, what an undo restores. */
async function rememberSettings(context: Context, former: FleetGroup) {
  const { aws } = context.services;
  const [live, idle] = await Promise.all([readSettings(aws, context.state.group), readSettings(aws, former.group)]);
  await context.save({ settings: { live, idle } });
  return { live, idle };
}

/**
 * The limits that the fleet had before it was held at its size. A minimum of 0, which the infrastructure starts with and restores
 * when it changes the group, becomes the configured one.
 */
async function carryLimits(context: Context, live: GroupSettings, idle: GroupSettings): Promise<void> {
  const { fleet, aws } = context.services;
  const { group, held } = context.state;
  // One that somebody else has set while it was held is theirs.
  const before = held && idle.min === held.at ? held.minimum : idle.min;
  const min = before > 0 ? before : Math.min(fleet.capacity.min, live.desired);
  const max = Math.max(idle.max, live.desired);
  if (live.min === min && live.max === max) return;
  await context.change(
    { action: 'set-limits', target: group, data: { was: { min: live.min, max: live.max }, min, max } },
    () => setCapacity(aws.autoScaling, group, { min, max }),
  );
}

/** Restores the limits that {@link carryLimits} has changed, where nobody else has changed them since. */
async function restoreLimits(context: Context): Promise<void> {
  const { autoScaling } = context.services.aws;
  const made = context.changes().find((change) => change.action === 'set-limits' && !change.undoing);
  if (!made) return;
  const { was, min, max } = made.data as { was: Size; min: number; max: number };
  const back = sizeToRestore(await readGroup(autoScaling, made.target), { min, max }, was);
  if (Object.keys(back).length === 0) return;
  await context.change({ action: 'restore-limits', target: made.target, data: { ...back } }, () =>
    setCapacity(autoScaling, made.target, back),
  );
}

async function scheduleEnd(context: Context, former: FleetGroup, idle: GroupSettings): Promise<void> {
  const start = instantText(context.clock.now() + context.services.fleet.release.rollbackWindow * 1000);
  await setActions(context, former.group, idle.actions, [{ name: scaleDownName, start, min: 0, desired: 0 }]);
  context.note(`${former.group} stays whole until ${start}; until then a rollback only switches the traffic`);
}

/** A policy on requests per target names the target group in its label; in the other group it must be that group's. */
function forTargetGroup(policy: ScalingPolicy, from: FleetGroup, to: FleetGroup): ScalingPolicy {
  const label = ({ targetGroupArn }: FleetGroup) => targetGroupArn.slice(targetGroupArn.indexOf('targetgroup/'));
  const text = JSON.stringify(policy.settings).replaceAll(label(from), label(to));
  return { ...policy, settings: JSON.parse(text) as ScalingPolicy['settings'] };
}

/** A forecast scales without alarms, so for a group that serves nobody it must only be made. */
function forecastOnly(policy: ScalingPolicy): ScalingPolicy {
  const { PredictiveScalingConfiguration: forecast } = policy.settings;
  if (forecast?.Mode !== 'ForecastAndScale') return policy;
  return {
    ...policy,
    settings: { ...policy.settings, PredictiveScalingConfiguration: { ...forecast, Mode: 'ForecastOnly' } },
  };
}

/** Only whoever owns an alarm of a step or simple policy can let it trigger the same policy of the other group. */
function tellAlarms(context: Context, live: GroupSettings, idle: GroupSettings, serving: FleetGroup): void {
  for (const { name, alarms, settings } of idle.policies) {
    if (!['StepScaling', 'SimpleScaling'].includes(settings.PolicyType ?? '') || alarms.length === 0) continue;
    if (live.policies.find((one) => one.name === name)?.alarms.length) continue;
    context.note(
      `add policy ${name} of ${serving.group} to the actions of ${alarms.join(', ')}: an alarm names its policies`,
    );
  }
}
