import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { messageOf } from '@golden-pipeline/shared/errors';
import { describeReference, namesIn, parseReference } from '../config/secrets.ts';
import { awsCode } from './errors.ts';

/** The clients of the secret stores. */
export interface SecretClients {
  ssm: SSMClient;
  secretsManager: SecretsManagerClient;
}

/**
 * What is known about a secret without reading it. `there`: the store has it; `missing`: it does not exist or is
 * scheduled for deletion; `unknown`: these credentials may not check.
 */
export interface SecretState {
  /** Name of the environment variable. */
  name: string;
  reference: string;
  /** The store and name, as printed. */
  where: string;
  state: 'there' | 'missing' | 'unknown';
  /** Why it is missing or unknown. */
  reason?: string;
}

/** Maximum number of values in a filter of DescribeParameters (AWS). */
const atOnce = 50;

/**
 * Checks secrets by their names only: no value is read. Missing permissions are not an error, as the instances have
 * their own role.
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

/** Only a refusal means `unknown`. An outage of the store would affect the hosts, too, so it is an error. */
function unknown(error: unknown): Found {
  if (!/AccessDenied|Unauthorized/.test(awsCode(error) ?? '')) throw error;
  return { state: 'unknown', reason: `these credentials may not ask: ${messageOf(error)}` };
}
