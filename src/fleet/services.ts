import type { Baseline, Evidence } from '../analysis/types.ts';
import type { AwsClients } from '../aws/clients.ts';
import type { LaunchNetwork } from '../aws/launches.ts';
import type { Weight } from '../aws/listeners.ts';
import type { Metrics } from '../aws/metrics.ts';
import type { ScalingPolicy, ScheduledAction } from '../aws/scaling-settings.ts';
import type { SecretState } from '../aws/secrets.ts';
import type { Fleet } from '../config/settings.ts';
import type { RunContext, Step } from '../engine/step.ts';
import type { Probe } from '../hosts/probe.ts';
import type { ProjectSource } from '../hosts/project/place.ts';
import type { Host, Hosts } from '../hosts/types.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Installer } from '../plays/playbook/evaluate.ts';

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
  /** What is known of secrets, by the name of their environment variable, without reading them. */
  secretStates?(secrets: Fleet['secrets']): Promise<SecretState[]>;
  /** HTTP requests through the balancer. */
  probe: Probe;
  /** The balancer's own counters and alarms; without it, a release is judged by probes and target health alone. */
  metrics?: Metrics;
  /** Private folder of this process for archives; removed at the end. */
  workDir: string;
  /** Who runs this, for the records. */
  by: string;
}

/** An Auto Scaling group and the target group that its instances are registered with. */
export interface Colour {
  group: string;
  targetGroupArn: string;
}

/** What the fleet was when the run began, and where things are. */
export interface FleetFacts {
  /** Name of the Auto Scaling group that serves: always the only one for a rolling fleet, the live colour with blue/green. */
  group: string;
  /** Where the group that serves is registered. */
  targetGroupArn: string;
  /** The other colour of a blue/green fleet, which has no traffic. */
  idle?: Colour;
  listenerArn: string;
  proofTargetGroupArn: string;
  url: string;
  /** The numbered template version that the group names, what it launches, and where. */
  current: {
    templateId: string;
    templateVersion: string;
    imageId?: string;
    version?: string;
    /** The version that it tags instances with, which is no proof of what its image is. */
    templateRelease?: string;
    /** Absent in journals of runs that began before it was kept. */
    network?: LaunchNetwork;
  };
}

/** Facts of a release or rollback run, as journaled. */
export interface RollState extends FleetFacts {
  /** The version to serve. */
  version: string;
  commit: string;
  imageId?: string;
  /** What served when the run was planned, where that is not what the group launches: a run that died had changed that already. */
  served?: string;
  /** Versions that a rollback goes away from: no later one goes there by itself. */
  leaves?: string[];
  /** Images of those versions. */
  leftImages?: string[];
  /** The version to serve was rolled back before, and serves again. */
  again?: boolean;
  /** Which way the fleet gets there; without it by a refresh. */
  how?: 'roll' | 'blue-green' | 'switch' | 'flip';
  templateVersion?: string;
  refreshId?: string;
  /** How the version before answered; without it nothing is compared. */
  baseline?: Baseline;
  /** Names of the alarms that judge this run. */
  alarms?: string[];
  /** Why it was taken back. */
  evidence?: Evidence;
  /** What the idle colour was before it was raised. */
  idleBefore?: GroupSettings & { routes: { arn: string; weights: Weight[] }[] };
  /** Between which colours the traffic moves; `group` and `idle` are swapped once all of it has moved. */
  traffic?: { from: Colour; to: Colour };
  /** The minimum that the colour which serves had, and the one it was held at instead. */
  held?: { minimum: number; at: number };
  /** Both colours before their settings changed places. */
  settled?: { live: GroupSettings; idle: GroupSettings };
  /** The colour that a switch goes to, as it was, and the two that change places. */
  switched?: { before: GroupSettings; from: Colour; to: Colour };
}

/** What is carried from one colour to the other and put back by an undo. */
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

/** Facts of a rollback run, as journaled. */
export interface RollbackState extends RollState {
  /** Which way it goes, and why. */
  how: RollbackHow;
  why: string;
  /** The ways that are not taken, each with its reason. */
  rejected: string[];
  /** Nearer known-good versions that it does not go to as their images cannot be launched, each with its reason. */
  skipped?: string[];
  /** Its image is disabled, and is enabled first. */
  disabled?: boolean;
  /** How the fleet differs from the ledger: a line each. */
  drift?: string[];
  /** An active refresh is cancelled first. */
  supersede: boolean;
  /** The run ends when the whole fleet runs the old image. */
  wait: boolean;
  /** Instances that were told to switch, by a flip. */
  flipping?: string[];
  /** Those that could not, each with its reason: they are replaced. */
  unswitched?: { id: string; reason: string }[];
}

/** The ways back, the fastest first. */
export type RollbackHow = 'switch' | 'flip' | 'roll';

export type RollbackContext = RunContext<Services, RollbackState>;
export type RollbackStep = Step<Services, RollbackState>;

/** Facts of a release run, as journaled. */
export interface ReleaseState extends RollState {
  ref: string;
  /** Where the files of plays come from; absent in journals from before it was kept: then they are those of the work tree. */
  project?: ProjectSource;
  bake: 'detach' | 'builder';
  strategy: 'rolling' | 'blue-green';
  /** The playbook does not apply the release role; absent where it does. */
  kind?: 'plain';
  /**
   * Why the host of a bake by `detach` is out of the load balancer before the first play, a line each. Absent when plays begin while it
   * serves, and in journals of runs from before this was kept.
   */
  detachFirst?: string[];
  /** What roles may install, by the look at the playbook of the run's own commit; absent where plays are not from a commit. */
  installers?: Installer[];
  /** The base image that the builder starts from, instead of the image that serves. */
  base?: { imageId: string; name: string };
  /** Bake host or builder. */
  host?: Host;
  /** Set while the bake host is out of service: what must be put back. */
  detached?: {
    minimum: number;
    /** The minimum while the host stands by, the same where it is low enough; absent in journals from before it was kept. */
    lowered?: number;
    /** The desired capacity that Standby has left, one below that of before; absent while the host counts. */
    capacity?: number;
    suspended: string[];
  } | null;
  /** The bake host is, or may be, switched to the new version: until it is proven or switched back, it may not serve by an undo. */
  activated?: boolean;
  /**
   * What plays of this run have changed on the bake host beside the release's own folder, or may have: it is not given back by an undo.
   */
  changedOutside?: string[];
  /** What cleaning is expected to take from the bake host and a boot does not make again; absent for a builder. */
  loses?: { lines: string[] } | { unknown: string };
  /** The same as it was: the bake host does not return to service. Absent where it lost nothing. */
  lost?: string[];
  proofInstanceId?: string;
  /** Why versions before this one cannot work with the data any more. */
  irreversible?: string;
  /** It was agreed that nothing leads back: the image that serves may be one that cannot be launched. */
  noRollbackTarget?: boolean;
  /** The image that serves cannot be launched, so a builder starts from the base image. */
  unlaunchable?: boolean;
  /** How the fleet differs from the ledger, for the plan: a line each. */
  drift?: string[];
  /** Secrets that these credentials may not look for, for the plan: a line each. */
  notLooked?: string[];
}

export type RollContext = RunContext<Services, RollState>;
export type ReleaseContext = RunContext<Services, ReleaseState>;
export type ReleaseStep = Step<Services, ReleaseState>;

/** Poll intervals and limits of the fleet in milliseconds. */
export function times(fleet: Fleet, limit: keyof Fleet['release']['timeouts']): { everyMs: number; timeoutMs: number } {
  return { everyMs: fleet.release.pollSeconds * 1000, timeoutMs: fleet.release.timeouts[limit] * 1000 };
}

/** The version that the run goes away from, if any served. */
export function servedBefore({ served, current }: Partial<Pick<RollState, 'served' | 'current'>>): string | undefined {
  return served ?? current?.version;
}
