import type { App } from 'aws-cdk-lib';
import type { Fleet } from '../src/config/settings.ts';
import { usageError } from '../src/shared/errors.ts';
import { EnvironmentStack } from './environment-stack.ts';
import { FleetStack } from './fleet-stack.ts';
import { namedNetwork } from './network.ts';

/**
 * Adds the stacks of these fleets: `golden-pipeline-<environment>` for what the fleets of an environment share, and
 * `<app>-<environment>` for each fleet.
 * @throws usage error `infra.region` when the fleets of an environment are in several regions, `infra.network` when a fleet names
 *   subnets without their network.
 */
export function addStacks(app: App, fleets: Fleet[]): void {
  for (const environment of new Set(fleets.map((fleet) => fleet.environment))) {
    const members = fleets.filter((fleet) => fleet.environment === environment);
    const regions = [...new Set(members.map((fleet) => fleet.region))];
    if (regions.length > 1) {
      throw usageError(
        'infra.region',
        `the fleets of ${environment} are in ${regions.join(' and ')}, and an environment has one region`,
        'give the fleets of another region an environment of their own',
      );
    }
    for (const fleet of members) checkNetwork(fleet);
    // The account is that of the credentials of `cdk deploy`; without it in here the templates are the same everywhere.
    const env = { region: regions[0] };
    const shared = needsShared(members)
      ? new EnvironmentStack(app, `golden-pipeline-${environment}`, { env, environment, fleets: members })
      : undefined;
    for (const fleet of members) {
      const network = namedNetwork(fleet) ?? shared?.network;
      if (!network) throw new Error(`no network for ${fleet.names.group}`);
      const stack = new FleetStack(app, `${fleet.app}-${environment}`, { env, fleet, network });
      if (shared) stack.addStackDependency(shared);
    }
  }
}

/** CloudFormation takes no stack that is empty. */
function needsShared(fleets: Fleet[]): boolean {
  return fleets.some(
    (fleet) =>
      fleet.ledger.type === 's3' || !namedNetwork(fleet) || fleet.infrastructure.baseBuildPrincipals.length > 0,
  );
}

function checkNetwork(fleet: Fleet): void {
  const { instance, infrastructure } = fleet;
  if (infrastructure.vpcId !== undefined || instance.subnetIds.length === 0) return;
  throw usageError(
    'infra.network',
    `${fleet.app} in ${fleet.environment} names subnets (${instance.subnetIds.join(', ')}) but not their network`,
    'set infrastructure.vpcId',
  );
}
