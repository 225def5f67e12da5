import { createAutoScalingService } from '../autoscaling/service.ts';
import { createCloudWatchService } from '../cloudwatch/service.ts';
import type { CloudContext, RegionDirectory } from '../context.ts';
import { createEc2Service, type Ec2Service, ensureBaseImage } from '../ec2/service.ts';
import { BalancerShare } from '../elb/balancer-share.ts';
import { createElbService } from '../elb/service.ts';
import { type CloudState, emptyState } from '../model.ts';
import { findRegion, homeRegion, type Region } from '../regions.ts';
import { createSecretService } from '../secretsmanager/service.ts';
import type { Service } from '../service.ts';
import { createParameterService } from '../ssm/service.ts';
import type { StateStore } from '../state/store.ts';
import type { HandlerTable } from '../wire/handler.ts';

/** What all regions have in common. */
export type SharedContext = Omit<CloudContext, 'region' | 'regions' | 'state'>;

type RegionalService = 'ec2' | 'autoscaling' | 'elasticloadbalancing' | 'monitoring' | 'ssm' | 'secretsmanager';

interface RegionServices extends Record<RegionalService, Service> {
  ec2: Ec2Service;
}

/** In the order of their start; Auto Scaling comes last, see {@link Regions.start}. */
const startedFirst: readonly RegionalService[] = ['ec2', 'elasticloadbalancing', 'monitoring', 'ssm', 'secretsmanager'];

interface MadeRegion {
  state: CloudState;
  services: RegionServices;
}

/** The services of each region, over the machines, addresses and balancer that all regions share. */
export class Regions implements RegionDirectory {
  readonly #shared: SharedContext;
  readonly #store: Pick<StateStore, 'state' | 'regions'>;
  readonly #balancer: BalancerShare;
  readonly #made = new Map<string, MadeRegion>();
  #life: 'new' | 'started' | 'stopped' = 'new';

  /** Makes the services of the home region and of those that have been used before; nothing moves before `start`. */
  constructor(shared: SharedContext, store: Pick<StateStore, 'state' | 'regions'>) {
    this.#shared = shared;
    this.#store = store;
    this.#balancer = new BalancerShare(shared.balancer);
    this.#make(homeRegion);
    for (const name of Object.keys(store.regions)) {
      const region = findRegion(name);
      if (region) this.#make(region);
    }
  }

  state(name: string): CloudState | undefined {
    const region = findRegion(name);
    return region && this.#of(region).state;
  }

  *states(): Generator<CloudState> {
    for (const { state } of this.#made.values()) yield state;
  }

  /** For the wire: each operation is done by the services of the region that the caller has signed for. */
  get tables(): Record<RegionalService, HandlerTable> {
    const home = this.#of(homeRegion).services;
    const dispatched = (service: RegionalService): HandlerTable =>
      Object.fromEntries(
        Object.keys(home[service].handlers).map((operation) => [
          operation,
          (input, call) => {
            const region = findRegion(call.region) ?? homeRegion;
            return this.#of(region).services[service].handlers[operation]?.(input, call);
          },
        ]),
      );
    return {
      ec2: dispatched('ec2'),
      autoscaling: dispatched('autoscaling'),
      elasticloadbalancing: dispatched('elasticloadbalancing'),
      monitoring: dispatched('monitoring'),
      ssm: dispatched('ssm'),
      secretsmanager: dispatched('secretsmanager'),
    };
  }

  /**
   * Takes up what the state holds from before. Resolves when the machines of before run again or have failed; groups are
   * reconciled only from then on: earlier, all their machines would be replaced.
   */
  async start(): Promise<void> {
    this.#life = 'started';
    const regions = [...this.#made.values()];
    for (const { services } of regions) startFirst(services);
    await Promise.all(
      regions.map(async ({ services }) => {
        await services.ec2.reviveInstances();
        if (this.#life === 'started') services.autoscaling.start?.();
      }),
    );
  }

  stop(): void {
    this.#life = 'stopped';
    for (const { services } of this.#made.values()) {
      services.autoscaling.stop?.();
      for (const name of startedFirst.toReversed()) services[name].stop?.();
    }
  }

  #of(region: Region): MadeRegion {
    return this.#made.get(region.name) ?? this.#make(region);
  }

  #make(region: Region): MadeRegion {
    const state = this.#stateOf(region);
    const balancer = this.#balancer.of(region.name);
    const made = { state, services: createServices({ ...this.#shared, region, regions: this, state, balancer }) };
    this.#made.set(region.name, made);
    if (this.#life === 'started') {
      startFirst(made.services);
      made.services.autoscaling.start?.();
    }
    return made;
  }

  #stateOf({ name }: Region): CloudState {
    if (name === homeRegion.name) return this.#store.state;
    const found = this.#store.regions[name] ?? emptyState();
    this.#store.regions[name] = found;
    return found;
  }
}

function createServices(context: CloudContext): RegionServices {
  ensureBaseImage(context);
  const ec2 = createEc2Service(context);
  const elb = createElbService(context);
  const cloudwatch = createCloudWatchService(context);
  const deps = { instances: ec2.instances, targets: elb.targets, cloudwatch: cloudwatch.alarms };
  return {
    ec2,
    elasticloadbalancing: elb,
    monitoring: cloudwatch,
    autoscaling: createAutoScalingService(context, deps),
    ssm: createParameterService(context),
    secretsmanager: createSecretService(context),
  };
}

function startFirst(services: RegionServices): void {
  for (const name of startedFirst) services[name].start?.();
}
