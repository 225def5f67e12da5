import { type AutoScalingService, createAutoScalingService } from '../autoscaling/service.ts';
import { type CloudWatchService, createCloudWatchService } from '../cloudwatch/service.ts';
import type { CloudContext, RegionDirectory } from '../context.ts';
import { createEc2Service, type Ec2Service, ensureBaseImage } from '../ec2/index.ts';
import { BalancerShare } from '../elb/balancer-share.ts';
import { createElbService, type ElbService } from '../elb/service.ts';
import { type CloudState, emptyState } from '../model.ts';
import { findRegion, homeRegion, type Region } from '../regions.ts';
import { createSecretService } from '../secretsmanager/service.ts';
import { createParameterService } from '../ssm/service.ts';
import type { StateStore } from '../state/store.ts';
import type { HandlerTable } from '../wire/handler.ts';

/** What all regions have in common. */
export type SharedContext = Omit<CloudContext, 'region' | 'regions' | 'state'>;

type RegionalService = 'ec2' | 'autoscaling' | 'elasticloadbalancing' | 'monitoring' | 'ssm' | 'secretsmanager';

interface RegionServices {
  state: CloudState;
  ec2: Ec2Service;
  elb: ElbService;
  autoscaling: AutoScalingService;
  cloudwatch: CloudWatchService;
  tables: Record<RegionalService, HandlerTable>;
}

/** The services of each region, over the machines, addresses and balancer that all regions share. */
export class Regions implements RegionDirectory {
  readonly #shared: SharedContext;
  readonly #store: Pick<StateStore, 'state' | 'regions'>;
  readonly #balancer: BalancerShare;
  readonly #services = new Map<string, RegionServices>();
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
    for (const { state } of this.#services.values()) yield state;
  }

  /** For the wire: each operation is done by the services of the region that the caller has signed for. */
  get tables(): Record<RegionalService, HandlerTable> {
    const { tables } = this.#of(homeRegion);
    const dispatched = (service: RegionalService): HandlerTable =>
      Object.fromEntries(
        Object.keys(tables[service]).map((operation) => [
          operation,
          (input, call) => {
            const region = findRegion(call.region) ?? homeRegion;
            return this.#of(region).tables[service][operation]?.(input, call);
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
   * looked after from then on: judged earlier, all their machines would be replaced.
   */
  async start(): Promise<void> {
    this.#life = 'started';
    const services = [...this.#services.values()];
    for (const { ec2, elb, cloudwatch } of services) {
      ec2.start();
      elb.start();
      cloudwatch.start();
    }
    await Promise.all(
      services.map(async ({ ec2, autoscaling }) => {
        await ec2.reviveInstances();
        if (this.#life === 'started') autoscaling.start();
      }),
    );
  }

  stop(): void {
    this.#life = 'stopped';
    for (const { ec2, elb, autoscaling, cloudwatch } of this.#services.values()) {
      cloudwatch.stop();
      autoscaling.stop();
      elb.stop();
      ec2.stop();
    }
  }

  #of(region: Region): RegionServices {
    return this.#services.get(region.name) ?? this.#make(region);
  }

  #make(region: Region): RegionServices {
    const state = this.#stateOf(region);
    const balancer = this.#balancer.of(region.name);
    const context: CloudContext = { ...this.#shared, region, regions: this, state, balancer };
    ensureBaseImage(context);
    const ec2 = createEc2Service(context);
    const elb = createElbService(context);
    const cloudwatch = createCloudWatchService(context);
    const deps = { instances: ec2.instances, targets: elb.targets, cloudwatch: cloudwatch.alarms };
    const autoscaling = createAutoScalingService(context, deps);
    const tables = {
      ec2: ec2.handlers,
      autoscaling: autoscaling.handlers,
      elasticloadbalancing: elb.handlers,
      monitoring: cloudwatch.handlers,
      ssm: createParameterService(context).handlers,
      secretsmanager: createSecretService(context).handlers,
    };
    const made = { state, ec2, elb, autoscaling, cloudwatch, tables };
    this.#services.set(region.name, made);
    if (this.#life === 'started') {
      ec2.start();
      elb.start();
      cloudwatch.start();
      autoscaling.start();
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
