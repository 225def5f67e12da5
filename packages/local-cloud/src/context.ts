import type { Clock } from '@golden-pipeline/shared/clock';
import type { BalancerDriver } from './elb/balancer-driver.ts';
import type { MachineDriver, MetadataAnswer, MetadataRequest } from './machines/driver.ts';
import type { CloudState, ImageRecord, InstanceRecord } from './model.ts';
import type { Region } from './regions.ts';
import type { Delays } from './settings.ts';

/** What every service of the cloud is built with. */
export interface CloudContext {
  readonly clock: Clock;
  /** The region that the services are of. */
  readonly region: Region;
  /** The region's records. */
  readonly state: CloudState;
  readonly delays: Delays;
  readonly machines: MachineDriver;
  readonly balancer: BalancerDriver;
  /** Marks the state as changed: it is written to disk soon after. */
  changed(): void;
  /** A defect of ours, for the daemon's log; never thrown at callers. */
  report(error: unknown): void;
  /** The next free machine address (127.N.16-254.1-254), and its release. */
  takeAddress(): string;
  releaseAddress(address: string): void;
  /** An own address for a load balancer (127.N.2.x). */
  takeBalancerAddress(): string;
  /** The other regions of the account; absent where there is only this one. */
  readonly regions?: RegionDirectory;
  /** What goes wrong on request; absent where nothing does. */
  readonly faults?: CloudFaults;
  /** The account's instance profiles; absent where there is no IAM, and then launches may name any. */
  readonly profiles?: ProfileDirectory;
  /** What instances read of themselves; absent where no machine can ask. */
  readonly metadata?: MetadataSource;
  /** Where the cloud is reached, once it is; absent where it is not served on a wire. */
  readonly endpoint?: Promise<string>;
}

/** Instance profiles as EC2 looks them up. */
export interface ProfileDirectory {
  /** By ARN or by name; undefined when there is none. */
  find(named: { Arn?: string; Name?: string }): { arn: string; id: string; hasRole: boolean } | undefined;
}

/** The instance metadata service. */
export interface MetadataSource {
  answer(
    record: InstanceRecord,
    place: { state: CloudState; region: Region },
    request: MetadataRequest,
  ): MetadataAnswer;
}

/** Regions as the services of one see the others. */
export interface RegionDirectory {
  /** A region's records, made at their first use; undefined for a name that is not a region. */
  state(region: string): CloudState | undefined;
  /** The records of every region used so far. */
  states(): Iterable<CloudState>;
}

/** Faults that neither a driver nor the wire can play: see faults/. */
export interface CloudFaults {
  /** @throws CloudError `InsufficientInstanceCapacity` when the zone has no room for instances of the type. */
  checkCapacity(place: { availabilityZone: string; instanceType: string }): void;
  /** What strikes an image, made of a machine or copied, that begins to be made in the region. */
  bake(image: ImageRecord, region: string): BakeFaults;
  /** Whether a target on the machine, which is draining, stays so for the whole deregistration delay. */
  drainsInFull(instanceId: string): boolean;
  /** Whether a CloudWatch alarm is in the ALARM state; all are OK unless a fault says otherwise. */
  isAlarmRaised(name: string, region: string): boolean;
  /** Called when an alarm has gone into the ALARM state. */
  onAlarm(listener: () => void): void;
}

export interface BakeFaults {
  /** How much longer it stays pending, in milliseconds of the cloud's clock. */
  delayMs: number;
  /** Why it fails; absent when it does not. */
  failure?: string;
  /** Ids of the faults, for the record of calls. */
  struck: string[];
}

/** EC2 as the other services use it, without the wire. */
export interface InstanceService {
  /** Starts instances from a launch template version; they are `pending` when this returns. */
  launch(request: LaunchRequest): string[];
  /** Begins the termination; idempotent. Resolves when the instance is `terminated`. */
  terminate(instanceId: string): Promise<void>;
  /**
   * Switches a running instance off: `stopping` when this returns, `stopped` later. Absent where instances cannot be switched
   * off; then there are no warm pools of stopped instances.
   */
  stop?(instanceId: string): void;
  /** Switches a stopped instance on: `pending` when this returns. Throws CloudError when there is no capacity for it. */
  start?(instanceId: string): void;
  /** Resolves launch template id or name and version (`$Latest`, `$Default`, number) to the numbered version, else CloudError. */
  resolveTemplate(
    idOrName: { id?: string; name?: string },
    version?: string,
  ): { id: string; name: string; version: number };
  /** Called after each change of an instance's state. */
  onStateChange(listener: (instanceId: string) => void): void;
}

export interface LaunchRequest {
  launchTemplate: { id: string; version: number };
  count: number;
  availabilityZone: string;
  subnetId: string;
  /** Instead of the template's own. */
  instanceType?: string;
  /** Added over the template's own tags. */
  tags: Record<string, string>;
}

/** ELBv2 as Auto Scaling uses it. */
export interface TargetService {
  register(targetGroupArn: string, instanceId: string): void;
  /** Begins to drain; resolves when the target is gone from the group (drained, or the deregistration delay passed). */
  deregister(targetGroupArn: string, instanceId: string): Promise<void>;
  /** State of an instance in a target group; undefined when it is not registered. */
  state(
    targetGroupArn: string,
    instanceId: string,
  ): 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining' | 'unavailable' | undefined;
  exists(targetGroupArn: string): boolean;
  /** Called after each change of a target's state. */
  onStateChange(listener: (targetGroupArn: string, instanceId: string) => void): void;
}
