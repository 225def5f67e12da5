import { findGroupLeftovers } from './group-leftovers.ts';
import type { GroupFacts, Leftover, LeftoverFacts } from './leftover.ts';
import { servingGroup } from './serving-group.ts';

/**
 * What runs that are over have left in a fleet, in the order in which it is to be removed. A function of its facts alone: `repair` and
 * `doctor` ask it. To be called while no run is active: what a run needs is not left.
 */
export function findLeftovers(facts: LeftoverFacts): Leftover[] {
  const { groups } = facts;
  const serving = servingGroup(groups);
  const idle = groups.filter((one) => one !== serving);
  return [
    ...findGroupLeftovers(facts, serving),
    ...traffic(facts, serving, idle),
    ...idle.flatMap((group) => idleGroup(group)),
    ...templateDefault(facts, serving),
    ...validation(facts),
    ...facts.helpers.map(
      ({ id, role, run }): Leftover => ({
        kind: 'helper-instance',
        id,
        seen: `${id} is the ${role} instance of run ${run || 'unknown'}, which is over`,
        change: `TerminateInstances ${id}`,
        atRisk: false,
        restore: { do: 'terminate-instance', instance: id },
      }),
    ),
    ...tags(groups),
  ];
}

/** Weights that were left halfway, or that lead to what the run had not finished with. */
function traffic({ aws, listenerArn }: LeftoverFacts, serving: GroupFacts, idle: readonly GroupFacts[]): Leftover[] {
  if (idle.length === 0 || serving.shares.every((share) => share === 1)) return [];
  const percent = serving.shares.map((share) => `${Math.round(share * 100)} %`).join(', ');
  const tagged = serving.before !== undefined;
  return [
    {
      kind: 'traffic',
      id: listenerArn,
      seen: `${serving.group} gets ${percent} of the traffic, and ${idle[0]?.group} the rest`,
      change: tagged
        ? `ModifyListener: all traffic to ${serving.group}, once it is healthy`
        : `${aws} elbv2 modify-listener --listener-arn ${listenerArn} --default-actions Type=forward,TargetGroupArn=...`,
      atRisk: true,
      ...(tagged && { restore: { do: 'send-traffic', group: serving.group } }),
    },
  ];
}

/** A group without traffic that nothing will end. */
function idleGroup({ group, size, ends, tagged }: GroupFacts): Leftover[] {
  if (!tagged || ends || (size.desired === 0 && size.min === 0)) return [];
  return [
    {
      kind: 'idle-group',
      id: group,
      seen: `${group} has ${size.desired} instances and no traffic, and nothing is scheduled to end it`,
      change: `UpdateAutoScalingGroup ${group}: minimum and desired capacity 0`,
      atRisk: false,
      restore: { do: 'scale-in', group },
    },
  ];
}

function templateDefault({ aws, defaultVersion }: LeftoverFacts, { group, tagged, launches }: GroupFacts): Leftover[] {
  const { template, templateVersion } = launches;
  // Without a tag it is drift, which is reported as such.
  if (!tagged || defaultVersion === templateVersion) return [];
  return [
    {
      kind: 'template-default',
      id: template,
      seen: `${group} launches version ${templateVersion} of ${template}, but its default version is ${defaultVersion}`,
      change: `${aws} ec2 modify-launch-template --launch-template-id ${template} --default-version ${templateVersion}`,
      atRisk: false,
      restore: { do: 'set-default-version', group },
    },
  ];
}

/** What is in the way of the next validation. */
function validation({ aws, groups, validation: { targets, targetGroupArn, elsewhere } }: LeftoverFacts): Leftover[] {
  const found = targets.map(
    ({ id, own }): Leftover => ({
      kind: 'validation-target',
      id,
      seen: `${id} is registered with the target group for validation`,
      change: own
        ? `DeregisterTargets ${id}`
        : `${aws} elbv2 deregister-targets --target-group-arn ${targetGroupArn} --targets Id=${id}`,
      atRisk: false,
      ...(own && { restore: { do: 'deregister-target', instance: id } }),
    }),
  );
  if (!elsewhere || !groups.some((one) => one.tagged)) return found;
  const route: Leftover = {
    kind: 'validation-route',
    id: targetGroupArn,
    seen: 'requests with the validation header go to a group of the fleet',
    change: 'ModifyRule: they go to the target group for validation again',
    atRisk: false,
    restore: { do: 'point-validation-route' },
  };
  return [route, ...found];
}

function tags(groups: readonly GroupFacts[]): Leftover[] {
  const tagged = groups.filter((one) => one.tagged);
  const [first] = tagged;
  if (!first) return [];
  const names = tagged.map((one) => one.group).join(' and ');
  const what = first.before ? `run ${first.before.run} (${first.before.operation})` : 'a run';
  return [
    {
      kind: 'tags',
      id: names,
      seen: `${names} ${tagged.length === 1 ? 'has' : 'have'} the tags of ${what}, which is not active here`,
      change: 'DeleteTags, as the last change',
      atRisk: false,
      restore: { do: 'remove-tags' },
    },
  ];
}
