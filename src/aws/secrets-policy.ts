import { namesIn, type SecretReference } from '../config/secrets.ts';
import type { Fleet } from '../config/settings.ts';

/** Where the secrets are; `*` stands for any. */
export interface SecretsPlace {
  partition: string;
  region: string;
  account: string;
}

/** A statement of an IAM policy. */
export interface SecretsStatement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource?: string[];
  NotResource?: string[];
  Condition?: Record<string, Record<string, string[]>>;
}

/** What the instances of a fleet may read: the secrets of its configuration, and those that older releases on its images still name. */
export function secretsPolicy(fleet: Fleet, place: SecretsPlace): SecretsStatement[] {
  const { parameters, secrets } = arnsOf(fleet, place);
  const { partition, region, account } = place;
  return [
    ...(parameters.length > 0 ? [allow('ReadParameters', ['ssm:GetParameters'], parameters)] : []),
    ...(secrets.length > 0 ? [allow('ReadSecrets', ['secretsmanager:GetSecretValue'], secrets)] : []),
    ...(parameters.length + secrets.length > 0
      ? [
          {
            ...allow('DecryptThem', ['kms:Decrypt'], [`arn:${partition}:kms:${region}:${account}:key/*`]),
            // No key of the account by itself: only what these two services decrypt for the role.
            Condition: {
              StringEquals: {
                'kms:ViaService': [`ssm.${region}.amazonaws.com`, `secretsmanager.${region}.amazonaws.com`],
              },
            },
          },
        ]
      : []),
  ];
}

/**
 * Takes from a role what AmazonSSMManagedInstanceCore gives it: the reading of every parameter of the account. What stays besides the fleet's
 * own are AWS's public parameters and the settings of the CloudWatch agent, which are found by their names (AWS documentation).
 */
export function otherParametersDenied(fleet: Fleet, place: SecretsPlace): SecretsStatement {
  const { partition, region, account } = place;
  const { parameters } = arnsOf(fleet, place);
  return {
    Sid: 'NoOtherParameters',
    Effect: 'Deny',
    Action: ['ssm:GetParameter', 'ssm:GetParameters', 'ssm:GetParametersByPath', 'ssm:GetParameterHistory'],
    NotResource: [
      ...parameters,
      `arn:${partition}:ssm:${region}::parameter/aws/*`,
      `arn:${partition}:ssm:${region}:${account}:parameter/AmazonCloudWatch-*`,
    ],
  };
}

function allow(Sid: string, Action: string[], Resource: string[]): SecretsStatement {
  return { Sid, Effect: 'Allow', Action, Resource };
}

function arnsOf(fleet: Fleet, place: SecretsPlace): { parameters: string[]; secrets: string[] } {
  const { partition, region, account } = place;
  const references: SecretReference[] = [
    ...Object.values(fleet.secrets),
    ...fleet.infrastructure.secretsOfOlderReleases,
  ];
  return {
    parameters: namesIn('ssm', references).map(
      (name) => `arn:${partition}:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`,
    ),
    // Secrets Manager adds a hyphen and six characters to the name.
    secrets: namesIn('secretsmanager', references).map(
      (name) => `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-??????`,
    ),
  };
}
