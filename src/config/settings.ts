import type { HookPoint } from './schema/hooks.ts';
import type { SecretReference } from './secrets.ts';

/**
 * The settings of one fleet: an app in an environment, after validation, inheritance and defaults.
 * Everything below the CLI works with this and never with the file a team wrote.
 */
export interface Fleet {
  app: string;
  environment: string;
  /** `local`: the local cloud that `pipeline local up` starts; `aws`: the account of the credentials. Only the CLI and texts for people look at it. */
  cloud: 'aws' | 'local';
  region: string;
  /** Folder of the project: relative paths in the configuration start here. */
  projectDir: string;
  source: {
    /** Git repository, absolute path. */
    repository: string;
    /** Folder of the app inside the repository; `.` for all of it. */
    path: string;
  };
  ansible: {
    /** Playbook that builds a release on a host, absolute path. */
    playbook: string;
    /** `plain`: it does not apply the `release` role, and is run whole on an instance without traffic. */
    kind: 'release' | 'plain';
    /** Inventory groups of the host. */
    groups: string[];
    /** File of roles and collections for `ansible-galaxy`, absolute path. */
    requirements?: string;
    /** Password of Ansible Vault, or a program that prints it, absolute path. */
    vaultPasswordFile?: string;
    /** Extra variables for the plays. */
    variables: Record<string, unknown>;
    /** Files and folders that no commit has and plays need, relative to the project folder. */
    files: string[];
  };
  /** Secrets of the service: where each value is kept, by the name of its environment variable. */
  secrets: Record<string, SecretReference>;
  service: {
    port: number;
    /** Where the new environment is started beside the old one and checked. */
    stagingPort: number;
    healthPath: string;
  };
  capacity: { min: number; max: number };
  /** What a scale-out before an event pre-heats. */
  scale: { warmPool?: 'Stopped' | 'Running'; reservedCapacityUnits?: number };
  instance: {
    type: string;
    keyName?: string;
    /** Of one instance; any currency. */
    hourlyPrice?: number;
    /** Name (may end in `*`, newest wins) or id of the image that the first release, and one with `--from-base`, starts from. */
    baseImage: string;
    /** Image that `pipeline base build` builds on: id, name or `<owner>/<name>`; without it `baseImage`. */
    baseSource?: string;
    /** An older base image is warned of. */
    baseImageMaxAgeDays: number;
    securityGroupIds: string[];
    subnetIds: string[];
  };
  balancer: {
    listenerPort: number;
    healthCheck: {
      path: string;
      intervalSeconds: number;
      timeoutSeconds: number;
      healthyThreshold: number;
      unhealthyThreshold: number;
    };
    deregistrationDelaySeconds: number;
    /** Requests that carry this header (any case) with the value `on` go to the proof target group. */
    proofHeader: string;
  };
  release: {
    /** What the fleet is made of: one group that a refresh rolls, or two of which one has the traffic. */
    strategy: 'rolling' | 'blue-green';
    bake: 'detach' | 'builder';
    /** Tasks that run during a release: a task and its inputs, at a point, and the one that undoes it. */
    hooks: { at: HookPoint; run: string; undo?: string; until?: HookPoint }[];
    /** What else of one host is not in an image; what is absent is as the app role says. */
    clean: { paths?: string[]; madeAtBoot?: string[]; shared?: string[]; keep?: string[] };
    /** Known-good images kept. */
    keep: number;
    /** No image younger than this is retired. */
    minimumAgeHours: number;
    /** How long a retired image stays disabled before it is deleted. */
    retireGraceHours: number;
    /** Regions besides the fleet's own that may hold copies of its images. */
    copyRegions: string[];
    /** USD for a GB-month of snapshots. */
    snapshotPrice: number;
    /** Release environments kept on each image. */
    keepOnHost: number;
    /** Requests through the balancer that the proof instance and the rolled fleet must answer. */
    smokeTests: {
      path: string;
      status: number;
      /** `{version}` and `{commit}` are replaced. */
      contains?: string;
    }[];
    /** Names of CloudWatch alarms that take a release back. */
    alarms: string[];
    /** How the new version is compared with the one before. */
    watch: {
      /** Probes a second. */
      perSecond: number;
      /** How long the version before is measured; 0: nothing is compared. */
      baselineSeconds: number;
      /** Paths that are probed besides those of the smoke tests. */
      paths: string[];
      /** Response header that names the version. */
      versionHeader?: string;
      /** Answers in one reading. */
      minSamples: number;
      /** A burst of faults up to this long is forgiven, in seconds. */
      burstSeconds: number;
      /** Percentage points. */
      errorMargin: number;
      errorFactor: number;
      latencyFactor: number;
      /** Milliseconds. */
      latencyFloorMs: number;
      /** Part of the fleet that may be out of order, in percent. */
      sickPercent: number;
    };
    refresh: { minHealthyPercentage: number; maxHealthyPercentage: number; instanceWarmupSeconds: number };
    /** A fast rollback on the hosts. */
    flip: {
      /** Hosts at a time. */
      parallel: number;
      /** With more failed hosts than this, in percent, it is undone. */
      maxFailedPercent: number;
      /** Limit for one host, in seconds. */
      timeoutSeconds: number;
    };
    /** How long the rolled fleet is watched. */
    verifySeconds: number;
    /** Percent of the traffic that the new group gets, step by step; ascending, the last one 100. */
    weights: number[];
    /** How long each weight but the last is watched, in seconds. */
    stepSeconds: number;
    /** How long the group that served before is kept whole, in seconds. */
    rollbackWindow: number;
    /** Consecutive good readings before something counts as healthy. */
    healthyReads: number;
    /** Time limits in seconds. */
    timeouts: { health: number; bake: number; drain: number; refresh: number; ansible: number };
    /** How often the cloud is asked, in seconds. */
    pollSeconds: number;
  };
  ssh: {
    user: string;
    port: number;
    /** Private key file, absolute path. */
    privateKey: string;
    /** `console`: pinned from the instance's console output; otherwise known_hosts lines. */
    hostKeys: 'console' | string[];
    /** How a connection gets there; without it `direct`. `ssm` goes by instance id. */
    via?: 'direct' | 'ssm';
    /** Host in between: `to` is user@host or user@host:port, `privateKey` an absolute path, `hostKeys` known_hosts lines. */
    proxyJump?: { to: string; hostKeys: string[]; privateKey: string };
    become: boolean;
  };
  /** `path` is absolute; `bucket` is there with `s3`. */
  ledger: {
    type: 'files' | 's3';
    path: string;
    bucket?: string;
    prefix: string;
    /** A bucket, or a folder that was chosen; else it is the default folder, which each clone of the project has for itself. */
    named: boolean;
  };
  /** Names of the fleet's resources in the cloud. */
  names: {
    group: string;
    launchTemplate: string;
    targetGroup: string;
    /** The second group and target group of a blue/green fleet. */
    greenGroup: string;
    greenTargetGroup: string;
    proofTargetGroup: string;
    loadBalancer: string;
    /** Images are called `<imagePrefix><version>`. */
    imagePrefix: string;
  };
  /** What only the infrastructure app reads. */
  infrastructure: {
    vpcId?: string;
    balancerSubnetIds: string[];
    internal: boolean;
    allowedCidrs: string[];
    sshCidrs: string[];
    certificateArn?: string;
    volumeGiB: number;
    volumeDevice: string;
    /** MiB/s. */
    volumeInitializationRate?: number;
    deployPrincipals: string[];
    baseBuildPrincipals: string[];
    /** Secrets that only releases of before name. */
    secretsOfOlderReleases: SecretReference[];
    alarms: { topicArn?: string; targetErrorsPerMinute: number; responseSeconds: number };
  };
}
