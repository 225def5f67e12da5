import { z } from 'zod';
import { secretReference } from './secrets.ts';
import { flag, listOf, section, shaped, text, whole } from './values.ts';

const arn = () => shaped(/^arn:aws[a-z-]*:[^\s]+$/, "an ARN such as 'arn:aws:iam::123456789012:role/deploy'");
const cidr = () => z.cidrv4({ error: "an IPv4 range such as '10.0.0.0/16'" });

const alarmsSection = section({
  topicArn: arn().optional().describe('SNS topic for notifications; none: the alarms are only visible in CloudWatch.'),
  targetErrorsPerMinute: whole(1, 1_000_000)
    .default(10)
    .describe('Answers 5xx of the instances per minute, in three consecutive minutes.'),
  responseSeconds: z
    .number({ error: 'a number of seconds from 0.01 to 300' })
    .min(0.01, { error: 'a number of seconds from 0.01 to 300' })
    .max(300, { error: 'a number of seconds from 0.01 to 300' })
    .default(2)
    .describe('p99 of the response time in seconds, in three consecutive minutes.'),
});

const createProvider = (url: string) =>
  flag()
    .default(false)
    .describe(
      `Whether the stack of the environment creates the identity provider for ${url}: an account has one of them.`,
    );

const githubSection = section({
  repository: shaped(/^[\w.-]+\/[\w.-]+$/, "a repository such as 'shop/api'").describe('Repository on github.com.'),
  environment: shaped(/^[^\s:*?]+$/, "the name of an environment such as 'production'")
    .optional()
    .describe(
      'Environment in the settings of the repository that a job must be in; default: the name of the environment.',
    ),
  createProvider: createProvider('token.actions.githubusercontent.com'),
});

const gitlabSection = section({
  project: shaped(/^[\w.-]+(\/[\w.-]+)+$/, "a project such as 'shop/api'").describe('Project with its groups.'),
  branch: shaped(/^[^\s:*?]+$/, "the name of a branch such as 'main'")
    .default('main')
    .describe('Branch that a job must run for; protect it.'),
  host: shaped(/^[a-z0-9.-]+$/, "a host name such as 'gitlab.com'")
    .default('gitlab.com')
    .describe('Host of GitLab.'),
  createProvider: createProvider('that host'),
});

/** Settings that only the infrastructure app reads; the pipeline itself finds everything by name. */
export const infrastructureSection = section({
  vpcId: shaped(/^vpc-[0-9a-f]+$/, "an id such as 'vpc-0123abcd'")
    .optional()
    .describe('Existing network; requires `instance.subnetIds`. None: a network for the environment is created.'),
  balancerSubnetIds: listOf(shaped(/^subnet-[0-9a-f]+$/, "an id such as 'subnet-0123abcd'"), 'a list of subnet ids')
    .default([])
    .describe('Public subnets of the load balancer in an existing network; none: `instance.subnetIds`.'),
  internal: flag().default(false).describe('Whether the load balancer is reached from inside the network only.'),
  allowedCidrs: listOf(cidr(), "a list of ranges such as ['0.0.0.0/0']")
    .default(['0.0.0.0/0'])
    .describe('Who may reach the load balancer.'),
  sshCidrs: listOf(cidr(), "a list of ranges such as ['10.0.0.0/16']")
    .default([])
    .describe('Who may reach the instances by SSH; none is needed with Session Manager.'),
  certificateArn: arn().optional().describe('Certificate of the listener, which then uses HTTPS.'),
  volumeGiB: whole(1, 16_384).default(16).describe('Size of the root volume, which is always encrypted, in GiB.'),
  volumeDevice: text().default('/dev/xvda').describe('Device name of the root volume; it must be that of the image.'),
  volumeInitializationRate: whole(100, 300)
    .optional()
    .describe(
      'Rate in MiB/s at which a new volume is filled from its snapshot, to avoid slow first reads (AWS: 100 to 300).',
    ),
  deployPrincipals: listOf(arn(), 'a list of ARNs')
    .default([])
    .describe('Who may assume the deploy role; none: everybody in the account who may assume roles.'),
  github: githubSection
    .optional()
    .describe(
      'Jobs of GitHub Actions that may also assume the deploy role, by OpenID Connect and without a stored key.',
    ),
  gitlab: gitlabSection
    .optional()
    .describe('Jobs of GitLab CI that may also assume the deploy role, by OpenID Connect and without a stored key.'),
  baseBuildPrincipals: listOf(arn(), 'a list of ARNs')
    .default([])
    .describe('Who may assume the role for `pipeline base build`; none: the role does not exist.'),
  secretsOfOlderReleases: listOf(secretReference(), "a list of ssm('...') and secretsManager('...')")
    .default([])
    .describe(
      'Secrets that are no longer in `secrets` but that kept images still use: instances may continue to read them, so that a rollback works.',
    ),
  alarms: alarmsSection.prefault({}).describe('When the alarms of the load balancer go off.'),
}).describe('Resources that the infrastructure app (`pipeline infra deploy`) creates.');
