import { expect, it } from 'vitest';
import { assertNamedLedger } from '../../src/config/named-ledger.ts';
import { resolveFleet } from '../../src/config/resolve.ts';
import { validate } from '../../src/config/validate.ts';
import { minimal } from './support/project.ts';

/** The fleet of a configuration that is right but for its ledger. */
function fleetWith(ledger: Record<string, unknown> | undefined, cloud = 'aws') {
  const raw = minimal({ environments: { production: { cloud, region: 'eu-west-1', ledger } } });
  validate(raw, { app: 'api', file: 'pipelines/api.ts', projectDir: '/project' });
  return resolveFleet(raw, 'production', '/project');
}

it.each([undefined, {}, { type: 'files' }])('a fleet on AWS refuses the default ledger folder: ledger %j', (ledger) => {
  expect(() => assertNamedLedger(fleetWith(ledger))).toThrow(
    'api in production names no ledger, so each clone of the project would have its own in /project/.pipeline/ledger',
  );
});

it.each([
  ['a folder that was chosen', { path: 'shared/ledger' }, 'aws'],
  ['the default folder by its name', { path: '.pipeline/ledger' }, 'aws'],
  ['a bucket', { type: 's3', bucket: 'team-ledger' }, 'aws'],
  ['the local cloud', undefined, 'local'],
])('a fleet on AWS accepts a named ledger: %s', (_what, ledger, cloud) => {
  expect(() => assertNamedLedger(fleetWith(ledger, cloud))).not.toThrow();
});
