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
  // Before the group that loses the traffic is emptied: it is read again after each change.
  const moves = traffic(facts, serving, idle);
  return [
    ...findGroupLeftovers(facts, serving),
    ...moves,
    ...idle.flatMap((group) => [
      ...idleGroup(
        group,
        moves.some((one) => one.restore),
      ),
      ...scalingSettings(facts, serving, group),
    ]),
    ...templateDefault(facts, serving),
    ...validation(facts),
    ...facts.helpers.map((one) => helper(facts, one)),
    ...tags(groups),
  ];
}

/** An instance of one run. That of a run which may be active with another ledger is only named. */
function helper({ app, aws }: LeftoverFacts, { id, role, run, standing }: LeftoverFacts['helpers'][number]): Leftover {
  const common = { kind: 'helper-instance', id, atRisk: false } as const;
  const of = `${id} is the ${role} instance of`;
  if (standing !== 'unknown') {
    return {
      ...common,
      seen: `${of} run ${run}, which is over`,
      change: `TerminateInstances ${id}`,
      restore: { do: 'terminate-instance', instance: id },
    };
  }
  return run === ''
    ? {
        ...common,
        seen: `${of} a run that it does not name`,
        change: `${aws} ec2 terminate-instances --instance-ids ${id}`,
      }
    : {
        ...common,
        seen: `${of} run ${run}, which this ledger does not know`,
        change: `if it is certain that this run is over: ${repairCommand(app, run)}`,
      };
}

/** The command that restores what a run has left; one that the ledger does not know must be named. */
export const repairCommand = (app: string, unknownRun?: string): string =>
  `pipeline repair ${app}${unknownRun === undefined ? '' : ` --lost-run ${unknownRun}`}`;

/** The run that a group is tagged with and this ledger does not know, if there is one: it may be active with another ledger. */
export function unknownRunOf({ groups }: Pick<LeftoverFacts, 'groups'>): string | undefined {
  return groups.find((one) => one.run?.standing === 'unknown')?.run?.id;
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
      ...(tagged ? { restore: { do: 'send-traffic', group: serving.group } } : { needsTags: true }),
    },
  ];
}

/** A group without traffic that nothing will end. */
function idleGroup({ group, shares, size, ends, tagged }: GroupFacts, losesTraffic: boolean): Leftover[] {
  // What keeps traffic is never emptied, whatever the tags say.
  if (!losesTraffic && shares.some((share) => share > 0)) return [];
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

/**
 * What scales the fleet, on a group that is not to serve: a release was moving it between the groups, and no tag tells what was where.
 * The policies stay on a group without traffic, with AlarmNotification suspended.
 */
function scalingSettings({ aws }: LeftoverFacts, serving: GroupFacts, other: GroupFacts): Leftover[] {
  const { group, tagged, scaling, suspended } = other;
  const policies = suspended.includes('AlarmNotification') ? [] : scaling.policies;
  if (!tagged || (scaling.actions.length === 0 && policies.length === 0)) return [];
  const named = (what: string, names: readonly string[]) => (names.length === 0 ? [] : [`${what} ${names.join(', ')}`]);
  const all = [...named('scheduled actions', scaling.actions), ...named('active scaling policies', policies)];
  const to = (command: string, name: string) => `${aws} autoscaling ${command} --auto-scaling-group-name ${name}`;
  const changes = [
    ...(scaling.actions.length === 0
      ? []
      : [
          `${to('put-scheduled-update-group-action', serving.group)} for each that is missing there, and ${to('delete-scheduled-action', group)} (see ${to('describe-scheduled-actions', group)})`,
        ]),
    ...(policies.length === 0
      ? []
      : [
          `${to('put-scaling-policy', serving.group)} for each that is missing there, and ${to('suspend-processes', group)} --scaling-processes AlarmNotification`,
        ]),
  ];
  return [
    {
      kind: 'scaling-settings',
      id: group,
      seen: `${group}, which is to get no traffic, has ${all.join(' and ')}`,
      change: changes.join('; '),
      atRisk: true,
      needsTags: true,
    },
  ];
}

function templateDefault({ aws, defaultVersion }: LeftoverFacts, { group, tagged, launches }: GroupFacts): Leftover[] {
  const { template, templateVersion, floating } = launches;
  // Without a tag it is drift, which is reported as such.
  if (!tagged || floating || defaultVersion === templateVersion) return [];
  return [
    {
      kind: 'template-default',
      id: template,
      seen: `${group} launches version ${templateVersion} of ${template}, but its default version is ${defaultVersion}`,
      change: `${aws} ec2 modify-launch-template --launch-template-id ${template} --default-version ${templateVersion}`,
      atRisk: false,
      restore: { do: 'set-default-version', template, version: templateVersion },
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
  const tagged = groups.filter((one) => one.run);
  const [first] = tagged;
  if (!first?.run) return [];
  const names = tagged.map((one) => one.group).join(' and ');
  const { id, standing } = first.run;
  const what = `run ${id}${first.before ? ` (${first.before.operation})` : ''}`;
  const how = {
    unfinished: 'which is not active here',
    over: 'which is over: they tell nothing any more',
    unknown: 'which this ledger does not know',
  }[standing];
  return [
    {
      kind: 'tags',
      id: names,
      seen: `${names} ${tagged.length === 1 ? 'has' : 'have'} the tags of ${what}, ${how}`,
      change: 'DeleteTags, as the last change',
      atRisk: false,
      restore: { do: 'remove-tags' },
    },
  ];
}
