import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { ledgerRoot } from './collisions.ts';
import type { Fleet } from './settings.ts';

/**
 * Environments whose fleets name more than one ledger: a hold of such an environment would be in one of them, and unknown to the others.
 * @returns usage errors `config.ledgers-differ`, one for each environment
 */
export function ledgersThatDiffer(fleets: readonly Fleet[]): PipelineError[] {
  const environments = [...new Set(fleets.map(({ environment }) => environment))];
  return environments.flatMap((environment) => {
    const members = fleets.filter((one) => one.environment === environment);
    const roots = [...new Set(members.map(ledgerRoot))];
    if (roots.length < 2) return [];
    const details = roots.map((root) => {
      const apps = members.filter((one) => ledgerRoot(one) === root).map(({ app }) => app);
      return `${root}: ${apps.join(', ')}`;
    });
    return usageError(
      'config.ledgers-differ',
      `the apps of environment ${environment} have ${roots.length} ledgers, and must share one`,
      `give \`ledger\` the same value in all files in pipelines/ that have an environment ${environment}`,
      details,
    );
  });
}
