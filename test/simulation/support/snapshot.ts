import { tagKeys } from '../../../src/aws/tags.ts';
import { priorKeys } from '../../../src/fleet/prior-state.ts';
import type { Simulated } from '../../support/simulated.ts';

/** A group of the fleet at rest, with its targets. Lists are sorted. */
export interface GroupSnapshot {
  size: [min: number, desired: number, max: number];
  suspended: string[];
  /** Instances by version, lifecycle state and health. */
  instances: string[];
  /** Targets by version and state. */
  targets: string[];
  /** The image that it launches. */
  launches: string;
  scheduled: string[];
  policies: string[];
  hasWarmPool: boolean;
  /** Tags of the run that has claimed the fleet. */
  claim: string[];
}

/** A fleet at rest: what a run must have put back that leaves nothing behind. */
export interface FleetSnapshot {
  /** The group with the larger weight. */
  serving: GroupSnapshot;
  /** The other one of a fleet with two. */
  idle: GroupSnapshot | undefined;
  /** Weights of the listener, of the group that serves and of the other. */
  weights: number[];
  /** Targets of the group for validation. */
  validated: string[];
  /** The image that the default version of the launch template names. */
  defaultImage: string;
  /** Instances outside of groups that still cost something. */
  helpers: string[];
  /** Refreshes that go on. */
  refreshes: string[];
  images: string[];
  snapshots: number;
  lock: string | undefined;
}

const keys: readonly string[] = priorKeys;

/** The tags of the run that has claimed the fleet, of each group. */
export const claimsOf = ({ serving, idle }: FleetSnapshot): string[][] => [serving.claim, idle?.claim ?? []];

/** The same fleet without these tags. */
export const withoutClaim = ({ serving, idle, ...rest }: FleetSnapshot): FleetSnapshot => ({
  ...rest,
  serving: { ...serving, claim: [] },
  idle: idle && { ...idle, claim: [] },
});

type State = ReturnType<NonNullable<Simulated['cloud']['state']>>;
type Row<Table extends keyof State> = NonNullable<State[Table]> extends Record<string, infer One> ? One : never;

/**
 * Reads the records of the simulated cloud itself, so that neither faults nor delayed consistency hide anything.
 * @throws Error for a cloud in another process
 */
export async function readSnapshot(world: Simulated): Promise<FleetSnapshot> {
  const state = world.cloud.state?.();
  if (!state) throw new Error('only a cloud in this process can be looked into');
  const { names, app } = world.fleet;
  const view = new View(state, names.launchTemplate);
  const lock = await world.services.ledger.lockOf(app);
  const groups = Object.values(state.groups).filter(({ name }) => [names.group, names.greenGroup].includes(name));
  const weights = weightsOf(state, groups);
  const byWeight = [...groups].sort((a, b) => (weights.get(b.name) ?? 0) - (weights.get(a.name) ?? 0));
  const [serving, idle] = byWeight.map((group) => view.group(group));
  if (!serving) throw new Error('the fleet has no group');
  const members = new Set(Object.values(state.groups).flatMap((group) => group.instances.map((one) => one.instanceId)));
  return {
    serving,
    idle,
    weights: byWeight.map((group) => weights.get(group.name) ?? 0),
    validated: view.targets(names.validationTargetGroup),
    defaultImage: view.imageOf('$Default'),
    helpers: Object.values(state.instances)
      .filter((one) => !members.has(one.id) && !['terminated', 'shutting-down'].includes(one.state))
      .map((one) => `${one.tags[tagKeys.role] ?? 'none'} ${one.state}`)
      .sort(),
    refreshes: Object.values(state.refreshes)
      .filter((one) => /^(Pending|InProgress|Cancelling|RollbackInProgress|Baking)$/.test(one.status))
      .map((one) => `${one.groupName} ${one.status}`),
    images: Object.values(state.images)
      .filter((one) => one.state !== 'deregistered')
      .map((one) => `${one.name} ${one.state}`)
      .sort(),
    snapshots: Object.keys(state.snapshots).length,
    lock: lock?.command,
  };
}

/** Weights of the default action of a fleet's listener, by group. */
function weightsOf(state: State, groups: Row<'groups'>[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { defaultActions } of Object.values(state.listeners)) {
    for (const action of defaultActions) {
      const { TargetGroups = [] } = (action.ForwardConfig ?? {}) as {
        TargetGroups?: { TargetGroupArn: string; Weight?: number }[];
      };
      for (const { TargetGroupArn, Weight = 1 } of TargetGroups) {
        const group = groups.find((one) => one.targetGroupArns.includes(TargetGroupArn));
        if (group) found.set(group.name, Weight);
      }
    }
  }
  return found;
}

/** Records as a person would describe them. */
class View {
  readonly #state: State;
  readonly #template: Row<'launchTemplates'> | undefined;

  constructor(state: State, template: string) {
    this.#state = state;
    this.#template = Object.values(state.launchTemplates).find((one) => one.name === template);
  }

  group(group: Row<'groups'>): GroupSnapshot {
    return {
      size: [group.minSize, group.desiredCapacity, group.maxSize],
      suspended: [...group.suspendedProcesses].sort(),
      instances: group.instances
        .map((one) => `${this.#versionOf(one.instanceId)} ${one.lifecycleState} ${one.healthStatus}`)
        .sort(),
      targets: group.targetGroupArns.flatMap((arn) => this.targets(this.#state.targetGroups[arn]?.name ?? '')).sort(),
      launches: this.imageOf(group.launchTemplate.version),
      scheduled: (group.scheduledActions ?? []).map((one) => one.name).sort(),
      policies: (group.policies ?? []).map((one) => one.name).sort(),
      hasWarmPool: group.warmPool !== undefined,
      claim: group.tags.filter(({ key }) => keys.includes(key)).map(({ key, value }) => `${key} ${value}`),
    };
  }

  targets(name: string): string[] {
    const group = Object.values(this.#state.targetGroups).find((one) => one.name === name);
    return (group?.targets ?? []).map((one) => `${this.#versionOf(one.id)} ${one.state}`).sort();
  }

  /** Name of the image of a version of the launch template. */
  imageOf(version: string): string {
    const { latestVersion, defaultVersion, versions = [] } = this.#template ?? {};
    const known: Record<string, number | undefined> = { $Latest: latestVersion, $Default: defaultVersion };
    const number = known[version] ?? Number(version);
    const imageId = versions.find((one) => one.number === number)?.data.ImageId;
    return this.#state.images[String(imageId)]?.name ?? 'none';
  }

  #versionOf(id: string): string {
    return this.#state.instances[id]?.tags[tagKeys.version] ?? 'none';
  }
}
