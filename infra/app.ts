import { usageError } from '@golden-pipeline/shared/errors';
import { App } from 'aws-cdk-lib';
import { collisionError, findCollisions } from '../src/config/collisions.ts';
import type { Fleet } from '../src/config/settings.ts';
import { checkFleet } from './checks.ts';
import { ciIdentities } from './ci-trust.ts';
import { EnvironmentStack } from './environment-stack.ts';
import { FleetStack } from './fleet-stack.ts';
import { namedNetwork } from './network.ts';

/** Creates the CDK app with the settings of all stacks. */
export function createApp(outdir?: string): App {
  return new App({
    outdir,
    analyticsReporting: false,
    context: {
      '@aws-cdk/core:defaultCrossStackReferences': 'strong',
      '@aws-cdk/core:validateAgainstDefaultRules': true,
    },
  });
}

/**
 * Adds the stacks of these fleets: `golden-pipeline-<environment>` for what the fleets of an environment share, and
 * `<app>-<environment>` for each fleet.
 * @throws usage error `config.names-collide` when two fleets would create the same resources, `infra.region` when the
 * fleets of an environment are in several regions, and those of `checkFleet`.
 */
export function addStacks(app: App, fleets: Fleet[]): void {
  const collisions = findCollisions(fleets);
  if (collisions.length > 0) throw collisionError(collisions);
  const made = new Set<string>();
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
    members.forEach(checkFleet);
    // The account is that of the credentials of `cdk deploy`; without it, the templates are the same everywhere.
    const env = { region: regions[0] };
    // A bucket is created once: environments may share one under different prefixes, and the first creates it.
    const ledgers = [...new Set(members.flatMap(bucketOf))].filter((name) => !made.has(name));
    for (const name of ledgers) made.add(name);
    // CloudFormation refuses an empty stack.
    const shared =
      ledgers.length > 0 || members.some(needsShared)
        ? new EnvironmentStack(app, `golden-pipeline-${environment}`, { env, environment, fleets: members, ledgers })
        : undefined;
    for (const fleet of members) {
      const network = namedNetwork(fleet) ?? shared?.network;
      if (!network) throw new Error(`no network for ${fleet.names.group}`);
      const stack = new FleetStack(app, `${fleet.app}-${environment}`, { env, fleet, network });
      if (shared) stack.addStackDependency(shared);
    }
  }
}

function needsShared(fleet: Fleet): boolean {
  const { baseBuildPrincipals } = fleet.infrastructure;
  return (
    !namedNetwork(fleet) || baseBuildPrincipals.length > 0 || ciIdentities(fleet).some((one) => one.createProvider)
  );
}

function bucketOf({ ledger }: Fleet): string[] {
  return ledger.type === 's3' && ledger.bucket ? [ledger.bucket] : [];
}
