import { expect, it } from 'vitest';
import { ledgersThatDiffer } from '../../src/config/one-ledger.ts';
import type { Fleet } from '../../src/config/settings.ts';

const fleet = (app: string, environment: string, path: string) =>
  ({ app, environment, cloud: 'local', ledger: { type: 'files', path } }) as Fleet;

it('reports an environment whose apps have several ledgers, with the apps of each', () => {
  const fleets = [
    fleet('api', 'local', '/a'),
    fleet('web', 'local', '/b'),
    fleet('jobs', 'local', '/a'),
    fleet('api', 'staging', '/c'),
    fleet('web', 'staging', '/c'),
  ];
  expect(ledgersThatDiffer(fleets)).toEqual([
    expect.objectContaining({
      code: 'config.ledgers-differ',
      outcome: 'usage',
      message: 'the apps of environment local have 2 ledgers, and must share one',
      details: ['/a/local: api, jobs', '/b/local: web'],
    }),
  ]);
});
