import { z } from 'zod';
import { secretReference } from './secrets.ts';
import { flag, listOf, section, shaped, text, whole } from './values.ts';

const arn = () => shaped(/^arn:aws[a-z-]*:[^\s]+$/, "an ARN such as 'arn:aws:iam::123456789012:role/deploy'");
const cidr = () => z.cidrv4({ error: "an IPv4 range such as '10.0.0.0/16'" });

const alarmsSection = section({
  topicArn: arn().optional().describe('SNS topic that is told; none: the alarms only show.'),
  targetErrorsPerMinute: whole(1, 1_000_000)
    .default(10)
    .describe('Answers 5xx of the instances in a minute, three minutes in a row.'),
  responseSeconds: z
    .number({ error: 'a number of seconds from 0.01 to 300' })
    .min(0.01, { error: 'a number of seconds from 0.01 to 300' })
    .max(300, { error: 'a number of seconds from 0.01 to 300' })
    .default(2)
    .describe('p99 of the response time in seconds, three minutes in a row.'),
});

/** Settings that only the infrastructure app reads; the pipeline itself finds everything by name. */
export const infrastructureSection = section({
  vpcId: shaped(/^vpc-[0-9a-f]+$/, "an id such as 'vpc-0123abcd'")
    .optional()
    .describe('Network that exists; then `instance.subnetIds` is needed. None: a network for the environment is made.'),
  balancerSubnetIds: listOf(shaped(/^subnet-[0-9a-f]+$/, "an id such as 'subnet-0123abcd'"), 'a list of subnet ids')
    .default([])
    .describe('Public subnets of the load balancer in a network that exists; none: `instance.subnetIds`.'),
  internal: flag().default(false).describe('Whether the load balancer is reached from inside the network only.'),
  allowedCidrs: listOf(cidr(), "a list of ranges such as ['0.0.0.0/0']")
    .default(['0.0.0.0/0'])
    .describe('Who may reach the load balancer.'),
  sshCidrs: listOf(cidr(), "a list of ranges such as ['10.0.0.0/16']")
    .default([])
    .describe('Who may reach the instances by SSH; none is needed with Session Manager.'),
  certificateArn: arn().optional().describe('Certificate of the listener, which then speaks HTTPS.'),
  volumeGiB: whole(1, 16_384).default(16).describe('Size of the root volume, which is always encrypted, in GiB.'),
  volumeDevice: text().default('/dev/xvda').describe('Device name of the root volume; it must be that of the image.'),
  volumeInitializationRate: whole(100, 300)
    .optional()
    .describe('MiB/s at which a new volume is filled from its snapshot, against slow first reads (AWS: 100 to 300).'),
  deployPrincipals: listOf(arn(), 'a list of ARNs')
    .default([])
    .describe('Who may take the deploy role; none: whoever in the account may take roles.'),
  baseBuildPrincipals: listOf(arn(), 'a list of ARNs')
    .default([])
    .describe('Who may take the role for `pipeline base build`; none: there is no such role.'),
  secretsOfOlderReleases: listOf(secretReference(), "a list of ssm('...') and secretsManager('...')")
    .default([])
    .describe(
      'Secrets that `secrets` does not name any more and that kept images still do: instances may go on reading them, so that a rollback finds them.',
    ),
  alarms: alarmsSection.prefault({}).describe('When the alarms of the load balancer go off.'),
}).describe('What the infrastructure app (`pipeline infra deploy`) makes.');
