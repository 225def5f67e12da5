import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { messageOf } from '@golden-pipeline/shared/errors';
import { describeReference, namesIn, parseReference } from '../config/secrets.ts';
import { awsCode } from './errors.ts';

/** The clients that secrets are looked for with. */
export interface SecretClients {
  ssm: SSMClient;
  secretsManager: SecretsManagerClient;
}

/**
 * What is known of a secret here, without reading it. `there`: the store has it; `missing`: it has not, or it is to be deleted;
 * `unknown`: these credentials may not ask.
 */
export interface SecretState {
  /** Name of the environment variable. */
  name: string;
  reference: string;
  /** Where it is kept, for people. */
  where: string;
  state: 'there' | 'missing' | 'unknown';
  /** Why it is missing or unknown. */
  reason?: string;
}

/** DescribeParameters takes so many values in a filter (AWS). */
const atOnce = 50;

/**
 * Looks for secrets by their names only: no value comes to this machine. What these credentials may not ask is no error, as the instances have
 * a role of their own.
 */
export async function readSecretStates(
  { ssm, secretsManager }: SecretClients,
  secrets: Readonly<Record<string, string>>,
): Promise<SecretState[]> {
  const references = [...new Set(Object.values(secrets))];
  const [parameters, others] = await Promise.all([
    readParameters(ssm, namesIn('ssm', references)),
    readSecrets(secretsManager, namesIn('secretsmanager', references)),
  ]);
  return Object.entries(secrets).map(([name, reference]) => {
    const parsed = parseReference(reference);
    const found = (parsed?.source === 'ssm' ? parameters : others).get(parsed?.name ?? '');
    return { name, reference, where: describeReference(reference), ...(found ?? gone) };
  });
}

type Found = Pick<SecretState, 'state' | 'reason'>;
const gone: Found = { state: 'missing', reason: 'it does not exist' };

async function readParameters(ssm: SSMClient, names: string[]): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (let start = 0; start < names.length; start += atOnce) {
    const some = names.slice(start, start + atOnce);
    try {
      for (let NextToken: string | undefined; ; ) {
        const answer = await ssm.send(
          new DescribeParametersCommand({
            ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: some }],
            MaxResults: 50,
            NextToken,
          }),
        );
        for (const { Name } of answer.Parameters ?? []) if (Name !== undefined) found.set(Name, { state: 'there' });
        NextToken = answer.NextToken;
        if (NextToken === undefined) break;
      }
    } catch (error) {
      for (const name of some) found.set(name, unknown(error));
    }
  }
  return found;
}

async function readSecrets(client: SecretsManagerClient, names: string[]): Promise<Map<string, Found>> {
  const { default: pMap } = await import('p-map');
  const found = await pMap(
    names,
    async (SecretId): Promise<[string, Found]> => {
      try {
        const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId }));
        return [SecretId, DeletedDate ? { state: 'missing', reason: 'it is to be deleted' } : { state: 'there' }];
      } catch (error) {
        return [SecretId, awsCode(error) === 'ResourceNotFoundException' ? gone : unknown(error)];
      }
    },
    { concurrency: 8 },
  );
  return new Map(found);
}

/** Only a refusal leaves it open: an outage of the store is one for the hosts, too. */
function unknown(error: unknown): Found {
  if (!/AccessDenied|Unauthorized/.test(awsCode(error) ?? '')) throw error;
  return { state: 'unknown', reason: `these credentials may not ask: ${messageOf(error)}` };
}
