import type { EndPoint, HookPoint, LocalHook } from './schema/hooks.ts';
import type { MigrationTime } from './schema/migrate.ts';
import type { NotifyTarget } from './schema/notify.ts';
import type { SecretReference } from './secrets.ts';

/**
 * The settings of one fleet: an app in an environment, after validation, inheritance and defaults. Everything below the
 * CLI uses these settings and never the file itself.
 */
export interface Fleet {
  app: string;
  environment: string;
  /**
   * `local`: the local cloud that `pipeline local up` starts; `aws`: the account of the credentials. Only the CLI and
   * printed texts depend on it.
   */
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
    /** `plain`: it does not apply the `release` role, and is run as a whole on an instance without traffic. */
    kind: 'release' | 'plain';
    /** Inventory groups of the host. */
    groups: string[];
    /** Requirements file for `ansible-galaxy`, absolute path. */
    requirements?: string;
    /** Password of Ansible Vault, or a program that prints it, absolute path. */
    vaultPasswordFile?: string;
    /** Extra variables for the plays. */
    variables: Record<string, unknown>;
    /** Uncommitted files and folders that plays need, relative to the project folder. */
    files: string[];
  };
  /** Secrets of the service: references by the name of the environment variable. */
  secrets: Record<string, SecretReference>;
  service: {
    port: number;
    /** Where the new environment is started beside the old one and checked. */
    stagingPort: number;
    healthPath: string;
  };
  capacity: { min: number; max: number };
  /** Pre-heating of a scale-out before an event. */
  scale: { warmPool?: 'Stopped' | 'Running'; reservedCapacityUnits?: number };
  instance: {
    type: string;
    keyName?: string;
    /** Price of one instance, in any currency. */
    hourlyPrice?: number;
    /**
     * Name (may end in `*`, the newest is used) or id of the image for the first release and for releases with
     * `--from-base`.
     */
    baseImage: string;
    /** Image that `pipeline base build` builds on: id, name or `<owner>/<name>`; without it `baseImage`. */
    baseSource?: string;
    /** An older base image causes a warning. */
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
    /** Requests with this header (in any case) and the value `on` go to the validation target group. */
    validationHeader: string;
  };
  release: {
    /** One group that an instance refresh rolls, or two groups of which one has the traffic. */
    strategy: 'rolling' | 'blue-green';
    bake: 'detach' | 'builder';
    /** What runs during a release: a task and its inputs, or a command, at a point, and what undoes it. */
    hooks: { at: HookPoint | EndPoint; run: string | LocalHook; undo?: string | LocalHook; until?: HookPoint }[];
    /** A command that runs once in each release, with its time limit in seconds. */
    migrate?: { command: string[]; when: MigrationTime; timeoutSeconds: number };
    /** What else of one host is not in an image; what is absent is as the app role says. */
    clean: { paths?: string[]; madeAtBoot?: string[]; shared?: string[]; keep?: string[] };
    /** Number of known-good images to keep. */
    keep: number;
    /** Minimum age of an image before it is retired. */
    minimumAgeHours: number;
    /** How long a retired image stays disabled before it is deleted. */
    retireGraceHours: number;
    /** Other regions that may have copies of the fleet's images. */
    copyRegions: string[];
    /** USD for a GB-month of snapshots. */
    snapshotPrice: number;
    /** Number of release environments on each image. */
    keepOnHost: number;
    /** Requests through the load balancer that the validation instance and the rolled fleet must answer. */
    smokeTests: {
      path: string;
      status: number;
      /** `{version}` and `{commit}` are replaced. */
      contains?: string;
    }[];
    /** Names of CloudWatch alarms that cause a rollback of a release. */
    alarms: string[];
    /** Comparison of the new version with the previous one. */
    watch: {
      /** Probes a second. */
      perSecond: number;
      /** How long the previous version is measured; 0 disables the comparison. */
      baselineSeconds: number;
      /** Paths that are probed besides those of the smoke tests. */
      paths: string[];
      /** Response header that names the version. */
      versionHeader?: string;
      /** Number of answers in one reading. */
      minSamples: number;
      /** Maximum length of a tolerated burst of errors, in seconds. */
      burstSeconds: number;
      /** Percentage points. */
      errorMargin: number;
      errorFactor: number;
      latencyFactor: number;
      /** Milliseconds. */
      latencyFloorMs: number;
      /** Tolerated share of unhealthy instances, in percent. */
      unhealthyPercent: number;
      /** Whether restarts of the service by itself count. */
      restarts: boolean;
    };
    refresh: { minHealthyPercentage: number; maxHealthyPercentage: number; instanceWarmupSeconds: number };
    /** In-place rollbacks. */
    inPlace: {
      /** Number of hosts to switch concurrently. */
      parallel: number;
      /** The rollback is undone if more than this percentage of hosts fails. */
      maxFailedPercent: number;
      /** Time limit for one host, in seconds. */
      timeoutSeconds: number;
    };
    /** Length of the verify window. */
    verifySeconds: number;
    /** Percent of the traffic for the new group in each step; ascending to 100. */
    weights: number[];
    /** How long each weight except the last is verified, in seconds. */
    stepSeconds: number;
    /** How long the old group keeps running, in seconds. */
    rollbackWindow: number;
    /** Consecutive good readings before something counts as healthy. */
    healthyReads: number;
    /** Time limits in seconds. */
    timeouts: { health: number; bake: number; drain: number; refresh: number; ansible: number; connection: number };
    /** Pause between readings of the cloud, in seconds. */
    pollSeconds: number;
  };
  ssh: {
    user: string;
    port: number;
    /** Private key file, absolute path. */
    privateKey: string;
    /** `console`: pinned from the instance's console output; otherwise known_hosts lines. */
    hostKeys: 'console' | string[];
    /** How hosts are reached; `direct` by default. `ssm` uses the instance id. */
    via?: 'direct' | 'ssm';
    /** Jump host: `to` is user@host or user@host:port, `privateKey` an absolute path, `hostKeys` known_hosts lines. */
    proxyJump?: { to: string; hostKeys: string[]; privateKey: string };
    become: boolean;
  };
  /** `path` is absolute; `bucket` is set with `s3`. */
  ledger: {
    type: 'files' | 's3';
    path: string;
    bucket?: string;
    prefix: string;
    /**
     * True for a bucket or a configured folder; false for the default folder, which each clone of the project has
     * separately.
     */
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
    validationTargetGroup: string;
    loadBalancer: string;
    /** Images are named `<imagePrefix><version>`. */
    imagePrefix: string;
  };
  /** Settings that only the infrastructure app reads. */
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
    /** CI jobs that may assume the deploy role. */
    github?: { repository: string; environment?: string; createProvider: boolean };
    gitlab?: { project: string; branch: string; host: string; createProvider: boolean };
    baseBuildPrincipals: string[];
    /** Secrets that only older releases use. */
    secretsOfOlderReleases: SecretReference[];
    alarms: { topicArn?: string; targetErrorsPerMinute: number; responseSeconds: number };
  };
  /** Who learns what the pipeline has done; with `mute` nobody does. */
  notify: { targets: NotifyTarget[]; mute: boolean };
}
