import { usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from './settings.ts';

/**
 * Refuses to change a fleet on AWS whose ledger is the default folder: two clones would not share a lock and would use
 * version numbers twice. Commands that restore a fleet, `fast-rollback` and `abort`, are allowed.
 * @throws usage error `config.ledger-not-named`
 */
export function assertNamedLedger({ app, environment, cloud, ledger }: Fleet): void {
  if (cloud !== 'aws' || ledger.named) return;
  throw usageError(
    'config.ledger-not-named',
    `${app} in ${environment} names no ledger, so each clone of the project would have its own in ${ledger.path}`,
    `in pipelines/${app}.ts, name the one that everybody who releases shares, ledger: { type: 's3', bucket: '...' }; ` +
      "or, where only one computer releases, ledger: { path: '...' }",
  );
}
