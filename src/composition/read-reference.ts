import { PipelineError } from '@golden-pipeline/shared/errors';
import { requestLimits } from '../aws/clients.ts';
import { parseEnvReference } from '../config/secrets.ts';
import type { Fleet } from '../config/settings.ts';
import { cloudTarget } from './services.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Reads the value of a reference to a token: from a variable of this process, or from a store of the fleet's cloud.
 * @throws PipelineError `notify.variable` for a variable that is not set here; as `readSecretValue` does
 */
export async function readReference(context: Surroundings, fleet: Fleet, reference: string): Promise<string> {
  const variable = parseEnvReference(reference);
  if (variable !== undefined) {
    const value = context.env[variable];
    if (value !== undefined && value !== '') return value;
    throw new PipelineError('notify.variable', `${variable} is not set on this computer`, {
      fix: `set ${variable}, or keep the token in Parameter Store: ssm('/name')`,
    });
  }
  // Loaded on demand, as few references are read.
  const [{ SSMClient }, { SecretsManagerClient }, { readSecretValue }] = await Promise.all([
    import('@aws-sdk/client-ssm'),
    import('@aws-sdk/client-secrets-manager'),
    import('../aws/secret-values.ts'),
  ]);
  const target = { ...cloudTarget(context, fleet), requestHandler: requestLimits };
  const clients = { ssm: new SSMClient(target), secretsManager: new SecretsManagerClient(target) };
  try {
    return await readSecretValue({ ssm: () => clients.ssm, secretsManager: () => clients.secretsManager }, reference);
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}
