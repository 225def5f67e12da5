import type { PriorState } from '../prior-state.ts';
import type { GroupFacts, Leftover, LeftoverFacts } from './leftover.ts';
import { servedBefore } from './serving-group.ts';
import { operationDoes } from './tagged-operation.ts';

/** What is left in the group that is to serve, by the tags of the run and what the groups were before it. */
export function findGroupLeftovers(facts: LeftoverFacts, serving: GroupFacts): Leftover[] {
  const own = serving.before;
  // Where a rollback has moved the traffic, the group gets the limits and processes of the one that served.
  const before = servedBefore(facts.groups)?.before;
  const standby = standbyLeftovers(facts, serving);
  return [
    ...scheduledEnd(facts, serving),
    ...(before ? processes(serving, before) : []),
    // Before the instances in Standby are ended: afterwards nothing tells any more how many of the missing ones a run had taken out.
    ...(before ? sizes(facts, serving, before, standby) : []),
    ...standby,
    ...refreshes(facts),
    ...otherVersions(facts, serving, own),
  ];
}

/** The end of a group that was to be without traffic would end the fleet. */
function scheduledEnd({ aws }: LeftoverFacts, { group, ends, tagged }: GroupFacts): Leftover[] {
  if (!ends) return [];
  return [
    {
      kind: 'scheduled-end',
      id: group,
      seen: `${group} serves, and a scheduled action will end all of its instances`,
      change: tagged
        ? 'DeleteScheduledAction golden-pipeline-scale-down'
        : `${aws} autoscaling delete-scheduled-action --auto-scaling-group-name ${group} --scheduled-action-name golden-pipeline-scale-down`,
      atRisk: true,
      ...(tagged && { restore: { do: 'delete-scheduled-end', group } }),
    },
  ];
}

function processes({ group, suspended }: GroupFacts, before: PriorState): Leftover[] {
  const resume = suspended.filter((one) => !before.suspended.includes(one));
  // A rollback resumes the registration for good: without it, new instances get no traffic.
  const suspend = before.suspended.filter((one) => !suspended.includes(one) && one !== 'AddToLoadBalancer');
  const found = (list: string[], verb: 'resume' | 'suspend'): Leftover[] =>
    list.length === 0
      ? []
      : [
          {
            kind: 'suspended',
            id: group,
            seen: `${list.join(', ')} of ${group} ${list.length === 1 ? 'is' : 'are'} ${verb === 'resume' ? 'suspended' : 'not suspended any more'}`,
            change: `${verb === 'resume' ? 'ResumeProcesses' : 'SuspendProcesses'} ${list.join(' ')}`,
            atRisk: verb === 'resume' && list.some((one) => ['Launch', 'AddToLoadBalancer'].includes(one)),
            restore: { do: `${verb}-processes`, group, processes: list },
          },
        ];
  return [...found(resume, 'resume'), ...found(suspend, 'suspend')];
}

/**
 * What a run has taken from the size. Tags may be old, and somebody may have changed the size since then for a reason: no maximum is
 * lowered, a minimum is only raised, unless it is the one that a blue/green release holds the fleet at, and the desired capacity grows by
 * the instances in Standby that this repair ends, or to the minimum. A minimum of 0 is what the infrastructure begins with; a release makes
 * it the configured one, which stays.
 */
function sizes(
  { groups }: LeftoverFacts,
  { group, size, held }: GroupFacts,
  before: PriorState,
  standby: readonly Leftover[],
): Leftover[] {
  // The size of an event is what its tag says.
  if (held && operationDoes(before, 'scales')) return [];
  const { size: was } = before;
  const ending = standby.filter((one) => one.restore).length;
  // Those that stay outside raise the capacity themselves.
  const outside = standby.length - ending;
  const returned = Math.min(size.desired + ending, Math.max(size.desired, was.desired));
  const desired = Math.max(returned, was.min - outside);
  const heldByRelease = groups.length > 1 && operationDoes(before, 'holdsMinimum') && size.min === was.desired;
  const raised = Math.max(size.min, Math.min(was.min, desired));
  const min = was.min > 0 && heldByRelease ? Math.min(was.min, desired) : raised;
  const max = Math.max(size.max, was.max, desired);
  if (min === size.min && max === size.max && desired === size.desired) return [];
  const text = (of: GroupFacts['size']) => `minimum ${of.min}, maximum ${of.max}, desired capacity ${of.desired}`;
  return [
    {
      kind: 'size',
      id: group,
      seen: `${group} has ${text(size)}; before the run it had ${text(was)}`,
      change: `UpdateAutoScalingGroup ${group}: ${text({ min, max, desired })}`,
      atRisk: false,
      restore: { do: 'set-size', group, size: { min, max, desired } },
    },
  ];
}

/**
 * Instances that a run has taken out of service. They may carry a version that nothing has validated, whatever the tags say of the last
 * run: it may have taken over the tags of a release that was killed in the bake.
 */
function standbyLeftovers({ aws }: LeftoverFacts, serving: GroupFacts): Leftover[] {
  const { group, before, instances, launches } = serving;
  const known = before?.standby;
  return instances
    .filter((one) => /Standby$/.test(one.lifecycle) && !known?.includes(one.id))
    .map(({ id }): Leftover => {
      const ofRun = before !== undefined && known !== undefined;
      const seen = `${id} of ${group} is in Standby`;
      const common = { kind: 'standby', id, atRisk: false } as const;
      if (ofRun && launches.available) {
        const change = `TerminateInstanceInAutoScalingGroup ${id}: what it carries is not known; the group launches another one`;
        return { ...common, seen, change, restore: { do: 'replace-instance', group, instance: id } };
      }
      const why = ofRun ? ', and the group cannot launch another one' : '';
      const change = `${aws} autoscaling exit-standby --auto-scaling-group-name ${group} --instance-ids ${id}`;
      return { ...common, seen: `${seen}${why}`, change, ...(before && { needsTags: true }) };
    });
}

/** Auto Scaling carries them out by itself: whether what they bring is wanted, no tag tells. */
function refreshes({ aws, groups }: LeftoverFacts): Leftover[] {
  return groups.flatMap(({ group, refresh }): Leftover[] =>
    refresh
      ? [
          {
            kind: 'refresh',
            id: refresh.id,
            seen: `instance refresh ${refresh.id} of ${group} is ${refresh.status} (${refresh.percentage} %), and no run waits for it`,
            change: `wait for its end, or lead it back: ${aws} autoscaling rollback-instance-refresh --auto-scaling-group-name ${group}`,
            atRisk: false,
            needsTags: true,
          },
        ]
      : [],
  );
}

/** One instance of another version than the group launches is the canary of the run; of more it is not known which version is wanted. */
function otherVersions({ app }: LeftoverFacts, serving: GroupFacts, before: PriorState | undefined): Leftover[] {
  const { group, launches, instances, refresh } = serving;
  if (!before || refresh || launches.version === undefined) return [];
  const others = instances.filter(
    (one) => one.lifecycle === 'InService' && one.version !== undefined && one.version !== launches.version,
  );
  const [first] = others;
  if (!first) return [];
  const common = { kind: 'other-version', id: others.map((one) => one.id).join(' '), atRisk: false } as const;
  if (others.length === 1 && operationDoes(before, 'bakes') && launches.available && instances.length > 1) {
    return [
      {
        ...common,
        seen: `${first.id} of ${group} serves ${first.version}, but the group launches ${launches.version}`,
        change: `TerminateInstanceInAutoScalingGroup ${first.id}: the group launches one of ${launches.version}`,
        restore: { do: 'replace-instance', group, instance: first.id },
      },
    ];
  }
  return [
    {
      ...common,
      seen: `${others.length} of ${instances.length} instances of ${group} serve ${first.version}, but the group launches ${launches.version}`,
      change: `pipeline fast-rollback ${app} ${launches.version} --method rolling`,
      needsTags: true,
    },
  ];
}
