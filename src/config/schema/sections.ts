import { z } from 'zod';
import { cleanSection } from './clean.ts';
import { hooksSection } from './hooks.ts';
import { migrateSection } from './migrate.ts';
import { listOf, oneOf, port, regionName, seconds, section, shaped, text, urlPath, whole } from './values.ts';
import { watchSection } from './watch.ts';

export const sourceSection = section({
  repository: text()
    .default('.')
    .describe('Folder of the git repository that is released; relative to the project folder.'),
  path: shaped(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\p{Cc}]+$/u, 'a folder inside the repository, without ..')
    .default('.')
    .describe('Folder of the app inside the repository; `.` for all of it.'),
}).describe('Where the code comes from.');

export const serviceSection = section({
  port: port().describe('TCP port on which the service answers on each host.'),
  stagingPort: port()
    .optional()
    .describe('TCP port on which a new environment is started beside the old one and checked. Default: `port` + 1.'),
  healthPath: urlPath().default('/health').describe('Path that answers 200 when the service is able to work.'),
}).describe('The service on each host.');

export const capacitySection = section({
  min: whole(0, 10_000).default(2).describe('Minimum size of the group.'),
  max: whole(1, 10_000).default(10).describe('Maximum size of the group; a roll may exceed it temporarily.'),
}).describe('Size of the Auto Scaling group.');

export const scaleSection = section({
  warmPool: oneOf(['Stopped', 'Running'])
    .optional()
    .describe(
      'Whether a scheduled scale-out prepares instances that have booted once, and in which state they wait. They cost money from then on, and such an event ends with `--cancel`, not with `--until`.',
    ),
  reservedCapacityUnits: whole(100, 100_000)
    .optional()
    .describe(
      "Capacity units (LCU) of the load balancer that a scale-out reserves; the region's quota is 0 until AWS raises it.",
    ),
}).describe('Pre-heating of a scale-out before an event.');

export const instanceSection = section({
  type: shaped(/^[a-z0-9-]+\.[a-z0-9-]+$/, "an instance type such as 't3.small'")
    .default('t3.small')
    .describe('EC2 instance type.'),
  hourlyPrice: z
    .number({ error: 'an amount of money, 0 or more' })
    .min(0, { error: 'an amount of money, 0 or more' })
    .optional()
    .describe('Price of one instance per hour, for the cost of a scale-out; see the price list of EC2.'),
  keyName: text().optional().describe('EC2 key pair that the pipeline logs in with by SSH.'),
  baseImage: text()
    .default('golden-base-*')
    .describe(
      "Id (`ami-...`) or name of the image that the first release, and one with `--from-base`, starts from; with `*` at the end the newest one is used. A name is searched among the account's own images.",
    ),
  baseSource: text()
    .optional()
    .describe(
      'Image that `pipeline base build` builds on: id, name or `<owner>/<name>`, e.g. `136693071363/debian-12-amd64-*`. Default: `baseImage`.',
    ),
  baseImageMaxAgeDays: whole(1, 3_650)
    .default(30)
    .describe('Age in days from which `pipeline base status` warns about a base image.'),
  securityGroupIds: listOf(shaped(/^sg-[0-9a-f]+$/, "an id such as 'sg-0123abcd'"), 'a list of security group ids')
    .default([])
    .describe('Security groups of the instances; none: the default group of the network.'),
  subnetIds: listOf(shaped(/^subnet-[0-9a-f]+$/, "an id such as 'subnet-0123abcd'"), 'a list of subnet ids')
    .default([])
    .describe('Subnets of the group and of its load balancer; none: those of the default network.'),
}).describe('The instances.');

const healthCheckSection = section({
  path: urlPath().optional().describe('Path that the load balancer requests. Default: `service.healthPath`.'),
  intervalSeconds: seconds(1, 300).default(10).describe('Time between two checks, in seconds (AWS: 5 to 300).'),
  timeoutSeconds: seconds(1, 120).default(2).describe('Time-out of a check, in seconds (AWS: 2 to 120).'),
  healthyThreshold: whole(2, 10).default(2).describe('Consecutive successful checks before a target gets requests.'),
  unhealthyThreshold: whole(2, 10)
    .default(2)
    .describe('Consecutive failed checks before a target gets no more requests.'),
});

export const balancerSection = section({
  listenerPort: port().default(80).describe('TCP port on which the load balancer listens.'),
  healthCheck: healthCheckSection.prefault({}).describe("The target group's health check."),
  deregistrationDelaySeconds: seconds(0, 3_600)
    .default(30)
    .describe('How long active requests may continue after a target is deregistered, in seconds.'),
  validationHeader: shaped(/^[A-Za-z0-9_-]{1,40}$/, 'the name of an HTTP header, up to 40 letters, digits, - and _')
    .default('x-golden-validation')
    .describe('Requests with this header and the value `on` go to the validation instance.'),
}).describe('The load balancer.');

const smokeTest = section({
  path: urlPath().describe('Path to request.'),
  status: whole(100, 599).default(200).describe('Expected HTTP status.'),
  contains: text().optional().describe('Text that the answer must contain; `{version}` and `{commit}` are replaced.'),
});

const refreshSection = section({
  minHealthyPercentage: whole(0, 100, 'percent')
    .default(100)
    .describe('Share of the fleet that must stay healthy, in percent.'),
  maxHealthyPercentage: whole(100, 200, 'percent')
    .default(200)
    .describe(
      'How far the fleet may grow during the refresh, in percent. 100 and 200 replace the whole fleet in one wave.',
    ),
  instanceWarmupSeconds: seconds(0, 21_600)
    .default(0)
    .describe('Time after which a healthy instance counts as replaced, in seconds.'),
});

const inPlaceSection = section({
  parallel: whole(1, 1_000).default(64).describe('Hosts that are switched at the same time.'),
  maxFailedPercent: whole(0, 100, 'percent')
    .default(25)
    .describe(
      'Hosts that may fail to switch, in percent of all; they are replaced. If more fail, all hosts are switched back.',
    ),
  timeoutSeconds: seconds(1, 3_600)
    .default(60)
    .describe('Time limit for one host, in seconds; a host that does not answer yet is retried for as long.'),
});

const timeoutsSection = section({
  health: seconds(1, 7_200)
    .default(300)
    .describe('Until a new instance, or a new environment that is checked on a host, is healthy, in seconds.'),
  bake: seconds(1, 86_400).default(3_600).describe('Until an image is available, in seconds.'),
  drain: seconds(1, 7_200)
    .default(600)
    .describe(
      'Until an instance is deregistered from the load balancer, in seconds; more than `balancer.deregistrationDelaySeconds`.',
    ),
  refresh: seconds(1, 86_400).default(7_200).describe('Until the whole fleet runs the new image, in seconds.'),
  ansible: seconds(1, 86_400)
    .default(1_800)
    .describe('For one play, in seconds; its wait for the health of the service has `health` in addition.'),
  connection: seconds(1, 86_400)
    .default(900)
    .describe(
      'How long a run waits while AWS cannot be reached, throttles its calls or refuses expired credentials, in seconds; other limits stand still meanwhile.',
    ),
});

export const releaseSection = section({
  strategy: oneOf(['rolling', 'blue-green'])
    .default('rolling')
    .describe(
      'How the fleet moves to the new image. `rolling`: one group, by an instance refresh; `blue-green`: two groups, by moving traffic.',
    ),
  bake: oneOf(['detach', 'builder'])
    .default('detach')
    .describe('`detach`: a production host is taken out and baked; `builder`: a temporary instance is.'),
  hooks: hooksSection,
  migrate: migrateSection.optional().describe(migrateSection.description ?? ''),
  clean: cleanSection
    .prefault({})
    .describe('What else is removed from a host before the bake (docs/release.md#what-is-not-in-an-image).'),
  keep: whole(1, 1_000).default(5).describe('Number of known-good images to keep.'),
  minimumAgeHours: whole(0, 8_760, 'hours')
    .default(24)
    .describe('Minimum age of an image before it is retired, in hours.'),
  retireGraceHours: whole(0, 8_760, 'hours')
    .default(72)
    .describe('How long a retired image stays disabled, and can be restored, before it is deleted, in hours.'),
  copyRegions: listOf(regionName(), 'a list of regions')
    .optional()
    .describe(
      'Regions besides its own where copies of its images may be in use. Default: those of all environments of the file.',
    ),
  snapshotPrice: z
    .number({ error: 'a price in USD, 0 or more' })
    .min(0, { error: 'a price in USD, 0 or more' })
    .default(0.05)
    .describe(
      'Price of a GB-month of snapshots in USD, for `pipeline images`. The default is the list price of the standard tier in us-east-1 and eu-west-1 (aws.amazon.com/ebs/pricing).',
    ),
  keepOnHost: whole(1, 50).default(3).describe('Number of release environments on each host and image.'),
  smokeTests: listOf(smokeTest, 'a list of { path, status, contains }')
    .default([])
    .describe('Requests through the load balancer that the validation instance and the rolled fleet must answer.'),
  alarms: listOf(text(), 'a list of at most 10 names of alarms')
    .max(10, { error: 'a list of at most 10 names of alarms' })
    .default([])
    .describe(
      'Names of CloudWatch alarms that cause a rollback of a release: passed to the instance refresh, and read in the verify window.',
    ),
  watch: watchSection.prefault({}).describe('Comparison of the new version with the previous one.'),
  refresh: refreshSection.prefault({}).describe('Preferences of the instance refresh.'),
  inPlace: inPlaceSection.prefault({}).describe('In-place rollbacks, which switch the environment on the hosts.'),
  verifySeconds: seconds(0, 172_800)
    .optional()
    .describe(
      'Length of the verify window of the rolled fleet, in seconds. Default: 300 on AWS, 60 in the local cloud. Below 240 the counters of the load balancer cannot fail a release.',
    ),
  weights: listOf(whole(1, 100, 'percent'), 'a list of percentages such as [5, 25, 100]')
    .default([5, 25, 100])
    .describe('With `blue-green`: percent of the traffic that the new group gets, step by step; the last one is 100.'),
  stepSeconds: seconds(0, 172_800)
    .default(60)
    .describe(
      'With `blue-green`: how long each weight except the last is verified, in seconds; the last one for `verifySeconds`.',
    ),
  rollbackWindow: seconds(1, 604_800)
    .default(3_600)
    .describe(
      'With `blue-green`: how long the old group keeps running, in seconds, so that traffic can be switched back.',
    ),
  healthyReads: whole(1, 100).default(2).describe('Consecutive good readings before something counts as healthy.'),
  timeouts: timeoutsSection.prefault({}).describe('Time limits.'),
  pollSeconds: z
    .number({ error: 'a number of seconds from 0.05 to 300' })
    .min(0.05, { error: 'a number of seconds from 0.05 to 300' })
    .max(300, { error: 'a number of seconds from 0.05 to 300' })
    .default(5)
    .describe('Pause between readings of the cloud, in seconds; fractions are allowed.'),
}).describe('Settings of releases and rollbacks.');

export const ledgerSection = section({
  type: oneOf(['files', 's3'])
    .default('files')
    .describe(
      "`files`: a folder, for one computer; `s3`: a bucket, for a team. Both write conditionally. With `cloud: 'aws'` a bucket or a path must be given.",
    ),
  path: text()
    .default('.pipeline/ledger')
    .describe('Folder of the shared record with `files`; relative to the project folder.'),
  bucket: shaped(
    /^(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'the name of a bucket: 3 to 63 small letters, digits, . and -',
  )
    .optional()
    .describe('Bucket of the shared record; needed with `s3`.'),
  prefix: shaped(
    /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/,
    'a folder such as ledger or team/ledger',
  )
    .default('ledger')
    .describe('Folder inside the bucket; each environment has its own below it.'),
}).describe('Where releases, runs and locks are recorded.');

const balancerName = () =>
  shaped(/^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/, 'up to 32 letters, digits and inner hyphens');

export const namesSection = section({
  group: shaped(/^[^\p{Cc}:]{1,255}$/u, 'up to 255 characters without :')
    .optional()
    .describe('Auto Scaling group. Default: `<app>-<environment>`.'),
  launchTemplate: shaped(/^[A-Za-z0-9().\-/_]{3,128}$/, '3 to 128 letters, digits and ( ) . - / _')
    .optional()
    .describe('Launch template. Default: `<app>-<environment>`.'),
  targetGroup: balancerName().optional().describe('Target group. Default: `<app>-<environment>`.'),
  greenGroup: shaped(/^[^\p{Cc}:]{1,255}$/u, 'up to 255 characters without :')
    .optional()
    .describe('Second Auto Scaling group with `blue-green`. Default: `<app>-<environment>-green`.'),
  greenTargetGroup: balancerName()
    .optional()
    .describe('Second target group with `blue-green`. Default: `<app>-<environment>-green`.'),
  validationTargetGroup: balancerName()
    .optional()
    .describe('Target group of the validation instance. Default: `<app>-<environment>-check`.'),
  loadBalancer: balancerName().optional().describe('Load balancer. Default: `<app>-<environment>`.'),
  imagePrefix: shaped(/^[A-Za-z0-9()[\]./\-'@_ ]{1,120}$/, "up to 120 letters, digits and ( ) [ ] . / - ' @ _")
    .optional()
    .describe('Images are named with this prefix and the version. Default: `<app>-<environment>-`.'),
}).describe("Names of the fleet's resources in the cloud.");
