import { usageError } from '@golden-pipeline/shared/errors';
import { hasInstanceProfile } from '../aws/launch-templates.ts';
import type { SecretState } from '../aws/secrets.ts';
import { instanceRoleFix } from '../config/aws-command.ts';
import type { FleetFacts, Services } from './services.ts';

/** Secrets of a fleet as they can be evaluated from here, without reading a value. */
export interface SecretsReport {
  secrets: SecretState[];
  /** The template gives instances a role to read them with. */
  role: boolean;
}

/** Looks for the fleet's secrets; asks nobody when it has none. */
export async function readSecretsReport(
  services: Pick<Services, 'fleet' | 'aws' | 'secretStates'>,
  { templateId, templateVersion }: FleetFacts['current'],
): Promise<SecretsReport> {
  const { fleet, aws, secretStates } = services;
  if (Object.keys(fleet.secrets).length === 0) return { secrets: [], role: true };
  const [secrets, role] = await Promise.all([
    secretStates?.(fleet.secrets) ?? [],
    hasInstanceProfile(aws.ec2, templateId, templateVersion),
  ]);
  return { secrets, role };
}

/**
 * Refuses a release whose secrets are missing.
 * @returns the names of those that nobody here may ask for, each with the reason
 * @throws usage error `secrets.missing` naming them, `secrets.no-role`
 */
export async function assertSecrets(
  services: Pick<Services, 'fleet' | 'aws' | 'secretStates'>,
  current: FleetFacts['current'],
): Promise<string[]> {
  const { fleet } = services;
  const { secrets, role } = await readSecretsReport(services, current);
  const missing = secrets.filter((one) => one.state === 'missing');
  if (missing.length > 0) {
    throw usageError(
      'secrets.missing',
      `${fleet.app} in ${fleet.environment} lacks ${missing.length === 1 ? 'a secret' : `${missing.length} secrets`}: ${missing.map(({ name }) => name).join(', ')}`,
      `create what is missing in ${fleet.region}, or correct secrets in pipelines/${fleet.app}.ts`,
      missing.map(({ name, where, reason }) => `${name} (${where}): ${reason}`),
    );
  }
  if (!role) {
    const problem = `the instances of ${fleet.app} in ${fleet.environment} have no role to read secrets with`;
    throw usageError('secrets.no-role', problem, instanceRoleFix(fleet));
  }
  return secrets
    .filter((one) => one.state === 'unknown')
    .map(({ name, where, reason }) => `${name} (${where}): ${reason}`);
}
