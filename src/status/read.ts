import { readTargets } from '../aws/balancers.ts';
import type { Group } from '../aws/groups.ts';
import { type Ec2Instance, groupInstances } from '../aws/instances.ts';
import { isActive, type Refresh, readRefresh } from '../aws/refreshes.ts';
import { readScheduledActions } from '../aws/scaling-settings.ts';
import type { Drift } from '../fleet/drift/drift.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import { scaleDownName } from '../fleet/group-settings.ts';
import { observeFleet } from '../fleet/observe.ts';
import type { Services } from '../fleet/services.ts';
import type { HoldRecord } from '../ledger/holds.ts';
import type { LockRecord, RunRecord } from '../ledger/types.ts';
import { instantText } from '../shared/instant.ts';
import { readPageOn } from '../tasks/maintenance-rules.ts';
import { findUnfinished, type Unfinished } from './unfinished.ts';

/** What `status --json` prints. */
export interface FleetStatus {
  app: string;
  environment: string;
  /** The version that new instances get; null before the first release, and for an image that is not a release. */
  version: string | null;
  /** The image that new instances start from; null when the launch template names none. */
  imageId: string | null;
  /** Of the group that serves. */
  desired: number;
  healthy: number;
  /** Each group of the fleet, the one that serves first. */
  groups: GroupStatus[];
  /** Who gets which part of the traffic, from 0 to 1: the groups' weights, by the healthy instances of each version in them. */
  traffic: { version: string | null; share: number }[];
  instances: {
    id: string;
    version: string | null;
    lifecycle: string;
    health: string;
    address: string;
    group: string;
  }[];
  /** Instance refreshes that go on at this moment, by group. */
  refreshes: {
    id: string;
    group: string;
    status: string;
    percentage: number;
    remaining: number;
    reason: string | null;
  }[];
  /** How what runs differs from what the ledger says. */
  drift: Drift[];
  /** What an in-place rollback has not finished; null when there is nothing. */
  unfinished: Unfinished | null;
  /** The maintenance page that visitors get; `until` is the ISO time of its end, null for one that stays until it is taken off. */
  maintenance: { run: string | null; until: string | null } | null;
  /** What keeps releases and changes of size from beginning. */
  holds: HoldRecord[];
  lock: LockRecord | null;
  /** The newest run. `version` is what it brought, or attempted to bring; `error` is why it did not complete. */
  run: Pick<RunRecord, 'id' | 'operation' | 'startedAt' | 'outcome' | 'by' | 'version' | 'error'> | null;
}

export interface GroupStatus {
  name: string;
  /** Part of the traffic, from 0 to 1. */
  share: number;
  desired: number;
  healthy: number;
  /** ISO time at which Auto Scaling ends it, for a group that is kept to switch back to. */
  until: string | null;
}

/** Reads the fleet, instance by instance, with a number of calls that does not grow with it. */
export async function readStatus(services: Services): Promise<FleetStatus> {
  const { fleet, ledger } = services;
  const seen = await observeFleet(services);
  const { facts, live, idle, share } = seen;
  const [lock, holds, runs, page, ...groups] = await Promise.all([
    ledger.lockOf(fleet.app),
    ledger.holds.inForce(fleet.app),
    ledger.runs(fleet.app, 1),
    readPageOn(services, facts.listenerArn),
    readGroupStatus(services, live, facts.targetGroupArn, share),
    ...(idle && facts.idle ? [readGroupStatus(services, idle, facts.idle.targetGroupArn, rounded(1 - share))] : []),
  ]);
  const run = runs[0];
  const busy = lock?.run !== undefined || (run !== undefined && run.outcome === undefined);
  const { drifts } = await readDrift(services, { seen, busy });
  return {
    app: fleet.app,
    environment: fleet.environment,
    version: facts.current.version ?? null,
    imageId: facts.current.imageId ?? null,
    desired: live.desired,
    healthy: seen.healthy.length,
    groups: groups.map((one) => one.status),
    traffic: trafficByVersion(groups),
    instances: groups.flatMap((one) => one.instances),
    refreshes: groups.flatMap((one) => one.refresh ?? []),
    drift: drifts,
    unfinished: findUnfinished(fleet.app, {
      group: live.name,
      instances: groups[0].members,
      refresh: groups[0].last,
      current: facts.current,
      busy: lock?.run !== undefined,
    }),
    maintenance: page
      ? { run: page.run ?? null, until: page.until === undefined ? null : instantText(page.until) }
      : null,
    holds,
    lock: lock ?? null,
    run: run ? newestRun(run) : null,
  };
}

function newestRun({ id, operation, startedAt, outcome, by, version, error }: RunRecord): FleetStatus['run'] {
  return { id, operation, startedAt, outcome, by, ...(version && { version }), ...(error && { error }) };
}

interface ReadGroup {
  status: GroupStatus;
  instances: FleetStatus['instances'];
  refresh?: FleetStatus['refreshes'][number];
  /** Members of the group that are not on their way out. */
  members: Ec2Instance[];
  last?: Refresh;
}

async function readGroupStatus(
  { aws }: Services,
  group: Group,
  targetGroupArn: string,
  share: number,
): Promise<ReadGroup> {
  const [targets, known, refresh, actions] = await Promise.all([
    readTargets(aws.elb, targetGroupArn),
    groupInstances(aws.ec2, group.name),
    readRefresh(aws.autoScaling, group.name),
    share < 1 ? readScheduledActions(aws.autoScaling, group.name) : [],
  ]);
  const byId = new Map(known.map((instance) => [instance.id, instance]));
  const health = new Map(targets.map((target) => [target.id, target.state]));
  const instances = group.instances.map((instance) => ({
    id: instance.id,
    version: byId.get(instance.id)?.version ?? null,
    lifecycle: instance.lifecycle,
    health: health.get(instance.id) ?? instance.health.toLowerCase(),
    address: byId.get(instance.id)?.address ?? '',
    group: group.name,
  }));
  const until = actions.find((action) => action.name === scaleDownName)?.start ?? null;
  const { name, desired } = group;
  return {
    status: { name, share, desired, healthy: instances.filter(isServing).length, until },
    instances,
    ...(isActive(refresh) && { refresh: refreshOf(name, refresh) }),
    members: group.instances.flatMap((one) => (/^Terminat/.test(one.lifecycle) ? [] : (byId.get(one.id) ?? []))),
    ...(refresh && { last: refresh }),
  };
}

/** Weights are whole numbers up to 999: finer than this no share is meant. */
const rounded = (share: number): number => Math.round(share * 10_000) / 10_000;

function refreshOf(group: string, refresh: Refresh): FleetStatus['refreshes'][number] {
  const { id, status, percentage, remaining, reason = null } = refresh;
  return { id, group, status, percentage, remaining, reason };
}

const isServing = (instance: FleetStatus['instances'][number]): boolean =>
  instance.lifecycle === 'InService' && instance.health === 'healthy';

function trafficByVersion(groups: readonly ReadGroup[]): FleetStatus['traffic'] {
  const shares = new Map<string | null, number>();
  for (const { status, instances } of groups) {
    for (const instance of status.share > 0 ? instances.filter(isServing) : []) {
      shares.set(instance.version, (shares.get(instance.version) ?? 0) + status.share / status.healthy);
    }
  }
  return [...shares].map(([version, share]) => ({ version, share: rounded(share) })).sort((a, b) => b.share - a.share);
}
