import { instanceRoleFix } from '../config/aws-command.ts';
import { observeFleet } from '../fleet/observe.ts';
import { readSecretsReport } from '../fleet/secrets-check.ts';
import { type Check, error, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** The secrets of the service: whether they are there, and whether instances have a role to read them with. No value is read. */
export function secretChecks(services: DoctorServices): Check[] {
  if (Object.keys(services.fleet.secrets).length === 0) return [];
  return [{ id: 'secrets', run: () => findSecrets(services) }];
}

async function findSecrets(services: DoctorServices): Promise<Finding[]> {
  const { fleet } = services;
  const { facts } = await observeFleet(services);
  const { secrets, role } = await readSecretsReport(services, facts.current);
  const found = secrets.flatMap(({ name, where, state, reason }) => {
    if (state === 'there') return [];
    const message = `secret ${name} (${where}): ${reason}`;
    return state === 'missing'
      ? [
          error(
            'secrets.missing',
            message,
            `create it in ${fleet.region}, or correct secrets in pipelines/${fleet.app}.ts`,
          ),
        ]
      : [
          warning(
            'secrets.unknown',
            message,
            'deploy the infrastructure, whose deploy role may look for secrets by name',
          ),
        ];
  });
  if (!role) {
    const message = `instances of ${facts.group} have no role to read secrets with`;
    found.push(error('secrets.role', message, instanceRoleFix(fleet)));
  }
  return found.length > 0
    ? found
    : [ok('secrets', `${secrets.length} secrets are there: ${secrets.map(({ name }) => name).join(', ')}`)];
}
