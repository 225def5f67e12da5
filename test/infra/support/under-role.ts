import {
  DescribeImagesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeTagsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { account } from 'golden-pipeline-local-cloud/model';
import { deployPolicy } from '../../../infra/deploy-policy.ts';
import type { AwsClients } from '../../../src/aws/clients.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import { allows } from './iam.ts';
import { type Call, type Known, questionsOf } from './questions.ts';

/** What clients under the deploy role have requested. */
export interface Record {
  /** Actions that were allowed. */
  allowed: Set<string>;
  /** Questions that were answered with no. */
  denied: string[];
}

/** Lets these clients do what the deploy role of a fleet may, and refuses the rest as EC2 does. */
export function underDeployRole(
  aws: AwsClients,
  fleet: Fleet,
  cloud: { region: string; newClients(): AwsClients },
): Record {
  const instanceRoleArn = `arn:aws:iam::${account.id}:role/instances`;
  const place = { partition: 'aws', region: cloud.region, account: account.id, instanceRoleArn };
  const statements = deployPolicy(fleet, place);
  const { ec2 } = cloud.newClients();
  const known = knownTo(ec2, { region: cloud.region, account: account.id, instanceRoleArn });
  const record: Record = { allowed: new Set(), denied: [] };
  for (const [client, service] of [
    [aws.ec2, 'ec2'],
    [aws.autoScaling, 'autoscaling'],
    [aws.elb, 'elasticloadbalancing'],
  ] as const) {
    (client.middlewareStack as EC2Client['middlewareStack']).add(
      (next, { commandName = '' }) =>
        async (args) => {
          const operation = commandName.replace(/Command$/, '');
          for (const question of await questionsOf({ service, operation, input: args.input as Call['input'] }, known)) {
            const { action, resource } = question;
            if (allows(statements, question)) {
              record.allowed.add(action);
              continue;
            }
            record.denied.push(`${action} on ${resource} with ${JSON.stringify(question.context)}`);
            const message = `You are not authorized to perform this operation: ${action} on ${resource}`;
            throw Object.assign(new Error(message), { name: 'UnauthorizedOperation' });
          }
          return next(args);
        },
      { step: 'initialize', name: 'deployRole' },
    );
  }
  return record;
}

/** Looks things up in the cloud, past the role. */
function knownTo(ec2: EC2Client, place: Pick<Known, 'region' | 'account' | 'instanceRoleArn'>): Known {
  return {
    ...place,
    async tagsOf(id) {
      const { Tags = [] } = await ec2.send(
        new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }),
      );
      return Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
    },
    async snapshotsOf(imageId) {
      const { Images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true }));
      return (Images[0]?.BlockDeviceMappings ?? []).flatMap((one) => one.Ebs?.SnapshotId ?? []);
    },
    async templateOf(id, version) {
      const { LaunchTemplateVersions = [] } = await ec2.send(
        new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions: [version] }),
      );
      return LaunchTemplateVersions[0]?.LaunchTemplateData ?? {};
    },
  };
}
