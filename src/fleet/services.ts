import type { AwsClients } from '../aws/clients.ts';
import type { LaunchNetwork } from '../aws/launches.ts';
import type { Metrics } from '../aws/metrics.ts';
import type { ScalingPolicy, ScheduledAction } from '../aws/scaling-settings.ts';
import type { SecretState } from '../aws/secrets.ts';
import type { Fleet } from '../config/settings.ts';
import type { Connection } from '../engine/connection.ts';
import type { RunContext, Step } from '../engine/step.ts';
import type { Probe } from '../hosts/probe.ts';
import type { Hosts } from '../hosts/types.ts';
import type { Ledger } from '../ledger/types.ts';

/** The clients of one region. */
export interface RegionClients {
  region: string;
  aws: AwsClients;
}

/** The ports that steps work with. Nothing in here says whether the cloud is AWS or the local one. */
export interface Services {
  fleet: Fleet;
  aws: AwsClients;
  /** What the clients wait with for a broken connection. */
  connection?: Connection;
  /** The other regions where copies of the fleet's images may be; absent where there are none. */
  elsewhere?(): readonly RegionClients[];
  hosts: Hosts;
  ledger: Ledger;
  /** What is known of secrets, by the name of their environment variable, without reading them. */
  secretStates?(secrets: Fleet['secrets']): Promise<SecretState[]>;
  /** HTTP requests through the balancer. */
  probe: Probe;
  /** The balancer's own counters and alarms; without it, a release is evaluated by probes and target health alone. */
  metrics?: Metrics;
  /** IPv4 address under which the cloud sees this computer, for tasks that open something to it. @throws PipelineError `address.unknown` */
  ownAddress(): Promise<string>;
  /** vCPUs that the account may run at once; undefined when the account has no such limit. Rejects when it cannot be read. */
  vcpuQuota(): Promise<number | undefined>;
  /** Private folder of this process for archives; removed at the end. */
  workDir: string;
  /** Who runs this, for the records. */
  by: string;
  /** Whether runs of an operation decide which version serves, by the registry of operations. */
  changesVersion(operation: string): boolean;
}

/** The context of a step or function, typed by the facts that it needs and saves. */
export type ContextWith<Facts> = RunContext<Services, Facts>;

/** A step, typed by the facts that it needs and saves. It fits every operation whose state has them. */
export type StepWith<Facts> = Step<Services, Facts>;

/** An Auto Scaling group and the target group that its instances are registered with. */
export interface FleetGroup {
  group: string;
  targetGroupArn: string;
}

/** What the fleet was when the run began, and where things are. */
export interface FleetFacts extends FleetGroup {
  /** Name of the Auto Scaling group that serves: always the only one for a rolling fleet, the live one with blue/green. */
  group: string;
  /** Where the group that serves is registered. */
  targetGroupArn: string;
  /** The other group of a blue/green fleet, which has no traffic. */
  idle?: FleetGroup;
  listenerArn: string;
  validationTargetGroupArn: string;
  url: string;
  /** The numbered template version that the group names, what it launches, and where. */
  current: {
    templateId: string;
    templateVersion: string;
    imageId?: string;
    version?: string;
    /** The version that it tags instances with, which does not show what its image is. */
    templateRelease?: string;
    /** Absent in journals of runs that began before it was kept. */
    network?: LaunchNetwork;
  };
}

/** What is carried from one group to the other and restored by an undo. */
export interface GroupSettings {
  /** Name of the group. */
  name: string;
  min: number;
  max: number;
  desired: number;
  template: { id: string; version: string };
  suspended: string[];
  policies: ScalingPolicy[];
  actions: ScheduledAction[];
}

/** Poll intervals and limits of the fleet in milliseconds. */
export function times(fleet: Fleet, limit: keyof Fleet['release']['timeouts']): { everyMs: number; timeoutMs: number } {
  return { everyMs: fleet.release.pollSeconds * 1000, timeoutMs: fleet.release.timeouts[limit] * 1000 };
}
