import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { describeReference, parseReference } from '../config/secrets.ts';

/** A client of one of the two stores, made when it is needed. */
export interface SecretStores {
  ssm(): SSMClient;
  secretsManager(): SecretsManagerClient;
}

/**
 * Reads the value of a secret that the pipeline itself uses: a token of a target of notifications.
 * @throws PipelineError `secret.missing`; errors of AWS
 */
export async function readSecretValue(stores: SecretStores, reference: string): Promise<string> {
  const parsed = parseReference(reference);
  if (parsed?.source === 'ssm') {
    const { Parameters = [] } = await stores
      .ssm()
      .send(new GetParametersCommand({ Names: [parsed.name], WithDecryption: true }));
    return Parameters[0]?.Value ?? missing(reference);
  }
  if (parsed === undefined) return missing(reference);
  const { SecretString } = await stores.secretsManager().send(new GetSecretValueCommand({ SecretId: parsed.name }));
  if (SecretString === undefined) return missing(reference);
  return parsed.key === undefined ? SecretString : keyOf(SecretString, parsed.key, reference);
}

function keyOf(text: string, key: string, reference: string): string {
  let value: unknown;
  try {
    const object: unknown = JSON.parse(text);
    if (typeof object === 'object' && object !== null && Object.hasOwn(object, key)) value = Reflect.get(object, key);
  } catch {
    // Reported as missing: its text must not be shown.
  }
  return typeof value === 'string' ? value : missing(reference);
}

function missing(reference: string): never {
  throw new PipelineError('secret.missing', `${describeReference(reference)} does not exist`, {
    fix: 'create it, or name another one',
  });
}
