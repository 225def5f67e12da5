import { namesIn } from '../config/secrets.ts';
import type { Fleet } from '../config/settings.ts';

/** Partition, region and account of the secrets; `*` stands for any. */
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

/**
 * The permissions of a fleet's instances: to read the secrets of its configuration, and those that older releases on
 * its images still use.
 */
export function secretsPolicy(fleet: Fleet, place: SecretsPlace): SecretsStatement[] {
  return readStatements(arnsOf(fleet, place), place);
}

/** The permission of whoever releases: to read the tokens of the fleet's notifications. */
export function tokensPolicy({ notify }: Pick<Fleet, 'notify'>, place: SecretsPlace): SecretsStatement[] {
  const values = notify.targets.flatMap((target): unknown[] => Object.values(target));
  return readStatements(
    arnsOfNames(
      values.filter((value) => typeof value === 'string'),
      place,
    ),
    place,
  );
}

function readStatements({ parameters, secrets }: Arns, place: SecretsPlace): SecretsStatement[] {
  const { partition, region, account } = place;
  return [
    ...(parameters.length > 0 ? [allow('ReadParameters', ['ssm:GetParameters'], parameters)] : []),
    ...(secrets.length > 0 ? [allow('ReadSecrets', ['secretsmanager:GetSecretValue'], secrets)] : []),
    ...(parameters.length + secrets.length > 0
      ? [
          {
            ...allow('DecryptThem', ['kms:Decrypt'], [`arn:${partition}:kms:${region}:${account}:key/*`]),
            // Decryption is allowed only through these two services, not with a key directly.
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
 * Denies a role what AmazonSSMManagedInstanceCore allows: reading every parameter of the account. Exceptions are the
 * fleet's own parameters, AWS's public ones and the settings of the CloudWatch agent, by their documented names.
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

interface Arns {
  parameters: string[];
  secrets: string[];
}

function arnsOf(fleet: Fleet, place: SecretsPlace): Arns {
  return arnsOfNames([...Object.values(fleet.secrets), ...fleet.infrastructure.secretsOfOlderReleases], place);
}

function arnsOfNames(references: readonly string[], { partition, region, account }: SecretsPlace): Arns {
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
