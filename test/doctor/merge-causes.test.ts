import { expect, it } from 'vitest';
import { error, ok, skipped, warning } from '../../src/doctor/finding.ts';
import { mergeCauses } from '../../src/doctor/merge-causes.ts';

const noCredentials = { ...error('account.identity', 'no valid AWS credentials', 'log in'), cause: 'aws.credentials' };

it('a cause that several apps have is reported once, and the others count what was skipped for it', () => {
  const found = [ok('config', 'right'), noCredentials, skipped(['fleet', 'rollback'], 'they need an account')];
  const merged = mergeCauses([
    { about: 'api in production', findings: found },
    { about: 'shop in production', findings: found },
  ]);
  expect(merged[0]?.findings).toEqual(found);
  expect(merged[1]?.findings).toEqual([
    ok('config', 'right'),
    {
      id: 'skipped',
      severity: 'skipped',
      message: '3 checks were skipped: same cause as in api in production',
      checks: ['account.identity', 'fleet', 'rollback'],
    },
  ]);
});

it('a finding of its own stays beside a cause that was reported before', () => {
  const own = warning('fleet.max', 'the maximum is 1', 'raise it');
  const [, second] = mergeCauses([
    { about: 'api', findings: [noCredentials] },
    { about: 'shop', findings: [noCredentials, own] },
  ]);
  expect(second?.findings).toEqual([own, skipped(['account.identity'], 'same cause as in api')]);
});

it('the same words for two apps are two findings when they have no cause in common, as each has its own fix', () => {
  const over = (app: string) => ({
    about: app,
    findings: [error('fleet.maintenance', 'the maintenance page is on', `pipeline ${app} maintenance-off`)],
  });
  expect(mergeCauses([over('api'), over('shop')])).toEqual([over('api'), over('shop')]);
});
