import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import type { CloudContext, InstanceService, LaunchRequest, TargetService } from '../../src/context.ts';
import { emptyState, type InstanceRecord, type TargetState } from '../../src/model.ts';
import { homeRegion } from '../../src/regions.ts';
import { delayProfiles } from '../../src/settings.ts';
import { CloudError } from '../../src/wire/handler.ts';

/** Times of the fakes, in milliseconds of the manual clock. */
export const fakeTimes = { boot: 1_000, shutdown: 500, healthy: 2_000, drain: 1_500 };

/** EC2 and ELBv2 as Auto Scaling sees them: state machines on a manual clock, nothing else. */
export class FakeCloud {
  readonly clock = new ManualClock();
  readonly state = emptyState();
  readonly reports: unknown[] = [];
  readonly launched: LaunchRequest[] = [];
  /** Stopped instances that were started again. */
  readonly started: string[] = [];
  /** Registrations and deregistrations, in order. */
  readonly traffic: string[] = [];
  /** Set to make RunInstances refuse. */
  launchError: string | undefined;
  /** CloudWatch alarms in the ALARM state. */
  readonly alarms = new Set<string>();
  /** Zones without room. */
  readonly fullZones = new Set<string>();
  /** Template versions whose targets never get healthy. */
  readonly badVersions = new Set<number>();
  /** Template versions whose machines end during the boot. */
  readonly brokenBoots = new Set<number>();
  readonly #targets = new Map<string, Map<string, TargetState>>();
  readonly #instanceListeners: ((id: string) => void)[] = [];
  readonly #targetListeners: ((arn: string, id: string) => void)[] = [];
  readonly #alarmListeners: (() => void)[] = [];
  readonly #gone = new Map<string, (() => void)[]>();
  #next = 1;

  readonly context: CloudContext;

  constructor() {
    const unused = new Proxy({}, { get: () => () => undefined });
    this.context = {
      clock: this.clock,
      region: homeRegion,
      state: this.state,
      delays: delayProfiles.quick,
      machines: unused as CloudContext['machines'],
      balancer: unused as CloudContext['balancer'],
      changed: () => undefined,
      report: (error) => this.reports.push(error),
      takeAddress: () => '127.1.16.1',
      releaseAddress: () => undefined,
      takeBalancerAddress: () => '127.1.2.1',
      faults: {
        checkCapacity: () => undefined,
        bake: () => ({ delayMs: 0, struck: [] }),
        drainsInFull: () => false,
        isAlarmRaised: (name) => this.alarms.has(name),
        onAlarm: (listener) => this.#alarmListeners.push(listener),
      },
    };
  }

  /** A launch template with versions 1 to `versions`. */
  template(id: string, versions: number): void {
    this.state.launchTemplates[id] = {
      id,
      name: `${id}-name`,
      createdAt: this.clock.now(),
      defaultVersion: 1,
      latestVersion: versions,
      versions: Array.from({ length: versions }, (_, n) => ({ number: n + 1, createdAt: this.clock.now(), data: {} })),
      tags: {},
      tokens: {},
    };
  }

  targetGroup(arn: string): void {
    this.#targets.set(arn, new Map());
  }

  setTarget(arn: string, instanceId: string, state: TargetState): void {
    this.#targets.get(arn)?.set(instanceId, state);
    for (const l of this.#targetListeners) l(arn, instanceId);
  }

  raiseAlarm(name: string): void {
    this.alarms.add(name);
    for (const l of this.#alarmListeners) l();
  }

  setInstance(instanceId: string, state: InstanceRecord['state']): void {
    const record = this.state.instances[instanceId];
    if (!record) return;
    record.state = state;
    if (state === 'terminated') for (const resolve of this.#gone.get(instanceId) ?? []) resolve();
    for (const l of this.#instanceListeners) l(instanceId);
  }

  readonly instances: InstanceService = {
    launch: (request) => {
      const full = this.fullZones.has(request.availabilityZone) ? `no room in ${request.availabilityZone}` : undefined;
      const refusal = this.launchError ?? full;
      if (refusal) throw new CloudError('InsufficientInstanceCapacity', refusal, 500);
      this.launched.push(request);
      return Array.from({ length: request.count }, () => this.#start(request));
    },
    terminate: (instanceId) => {
      const state = this.state.instances[instanceId]?.state;
      if (state === undefined || state === 'terminated') return Promise.resolve();
      const gone = new Promise<void>((resolve) => {
        this.#gone.set(instanceId, [...(this.#gone.get(instanceId) ?? []), resolve]);
      });
      if (state !== 'shutting-down') {
        this.setInstance(instanceId, 'shutting-down');
        this.clock.after(fakeTimes.shutdown, () => this.setInstance(instanceId, 'terminated'));
      }
      return gone;
    },
    stop: (instanceId) => {
      this.setInstance(instanceId, 'stopping');
      this.clock.after(fakeTimes.shutdown, () => {
        if (this.state.instances[instanceId]?.state === 'stopping') this.setInstance(instanceId, 'stopped');
      });
    },
    start: (instanceId) => {
      if (this.launchError) throw new CloudError('InsufficientInstanceCapacity', this.launchError, 500);
      this.started.push(instanceId);
      this.setInstance(instanceId, 'pending');
      this.#boot(instanceId);
    },
    resolveTemplate: ({ id, name }, version = '$Default') => {
      const found = Object.values(this.state.launchTemplates).find((t) => t.id === id || t.name === name);
      if (!found) throw new CloudError('InvalidLaunchTemplateId.NotFound', `template ${id ?? name} does not exist`);
      const moving: Record<string, number> = { $Latest: found.latestVersion, $Default: found.defaultVersion };
      const number = moving[version] ?? Number(version);
      if (!found.versions.some((v) => v.number === number)) {
        throw new CloudError('InvalidLaunchTemplateId.VersionNotFound', `version ${version} does not exist`);
      }
      return { id: found.id, name: found.name, version: number };
    },
    onStateChange: (listener) => this.#instanceListeners.push(listener),
  };

  readonly targets: TargetService = {
    register: (arn, instanceId) => {
      this.traffic.push(`+${instanceId}`);
      this.setTarget(arn, instanceId, 'initial');
      this.clock.after(fakeTimes.healthy, () => {
        if (this.targets.state(arn, instanceId) !== 'initial') return;
        const version = this.state.instances[instanceId]?.launchTemplate?.version ?? 0;
        this.setTarget(arn, instanceId, this.badVersions.has(version) ? 'unhealthy' : 'healthy');
      });
    },
    deregister: (arn, instanceId) => {
      this.traffic.push(`-${instanceId}`);
      this.setTarget(arn, instanceId, 'draining');
      return new Promise((resolve) => {
        this.clock.after(fakeTimes.drain, () => {
          this.#targets.get(arn)?.delete(instanceId);
          for (const l of this.#targetListeners) l(arn, instanceId);
          resolve();
        });
      });
    },
    state: (arn, instanceId) => this.#targets.get(arn)?.get(instanceId),
    exists: (arn) => this.#targets.has(arn),
    onStateChange: (listener) => this.#targetListeners.push(listener),
  };

  #start(request: LaunchRequest): string {
    const id = `i-${String(this.#next++).padStart(17, '0')}`;
    this.state.instances[id] = {
      id,
      imageId: `ami-${request.launchTemplate.version}`,
      instanceType: request.instanceType ?? 't3.micro',
      state: 'pending',
      address: '127.1.16.1',
      availabilityZone: request.availabilityZone,
      subnetId: request.subnetId,
      vpcId: 'vpc-1',
      securityGroupIds: [],
      launchTime: this.clock.now(),
      tags: request.tags,
      launchTemplate: request.launchTemplate,
      volumeId: 'vol-1',
      reservationId: 'r-1',
    };
    this.#boot(id);
    return id;
  }

  #boot(id: string): void {
    this.clock.after(fakeTimes.boot, () => {
      const record = this.state.instances[id];
      if (record?.state !== 'pending') return;
      this.setInstance(id, this.brokenBoots.has(record.launchTemplate?.version ?? 0) ? 'terminated' : 'running');
    });
  }
}
