import type { AwsClients } from '../aws/clients.ts';
import type { Fleet } from '../config/settings.ts';
import type { Probe } from '../hosts/probe.ts';
import type { Host, Hosts } from '../hosts/types.ts';
import type { Ledger } from '../ledger/types.ts';
import type { RunContext, Step } from '../run/step.ts';

/** The clients of one region. */
export interface RegionClients {
  region: string;
  aws: AwsClients;
}

/** The ports that steps work with. Nothing in here says whether the cloud is AWS or the local one. */
export interface Services {
  fleet: Fleet;
  aws: AwsClients;
  /** The other regions where copies of the fleet's images may be; absent where there are none. */
  elsewhere?(): readonly RegionClients[];
  hosts: Hosts;
  ledger: Ledger;
  /** HTTP requests through the balancer. */
  probe: Probe;
  /** Private folder of this process for archives; removed at the end. */
  workDir: string;
  /** Who runs this, for the records. */
  by: string;
}

/** What the fleet was when the run began, and where things are. */
export interface FleetFacts {
  /** Name of the Auto Scaling group that serves: always the only one for a rolling fleet, the live colour with blue/green. */
  group: string;
  /** Where the group that serves is registered. */
  targetGroupArn: string;
  /** The other colour of a blue/green fleet, which has no traffic. */
  idle?: { group: string; targetGroupArn: string };
  proofTargetGroupArn: string;
  url: string;
  /** The numbered template version that the group names, and what it launches. */
  current: { templateId: string; templateVersion: string; imageId?: string; version?: string };
}

/** Facts of a release or rollback run, as journaled. */
export interface RollState extends FleetFacts {
  /** The version to serve. */
  version: string;
  commit: string;
  imageId?: string;
  templateVersion?: string;
  refreshId?: string;
}

/** Facts of a release run, as journaled. */
export interface ReleaseState extends RollState {
  ref: string;
  bake: 'detach' | 'builder';
  /** Bake host or builder. */
  host?: Host;
  /** Set while the bake host is out of service: what must be put back. */
  detached?: { minimum: number; suspended: string[] } | null;
  proofInstanceId?: string;
}

export type RollContext = RunContext<Services, RollState>;
export type ReleaseContext = RunContext<Services, ReleaseState>;
export type ReleaseStep = Step<Services, ReleaseState>;

/** Poll intervals and limits of the fleet in milliseconds. */
export function times(fleet: Fleet, limit: keyof Fleet['release']['timeouts']): { everyMs: number; timeoutMs: number } {
  return { everyMs: fleet.release.pollSeconds * 1000, timeoutMs: fleet.release.timeouts[limit] * 1000 };
}
