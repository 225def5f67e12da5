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

it('a mistake of two files, which has the same words for both apps, is reported once', () => {
  const taken = error('config.names', 'api and shop share the group x', 'rename one');
  const [first, second] = mergeCauses([
    { about: 'api', findings: [taken] },
    { about: 'shop', findings: [taken] },
  ]);
  expect(first?.findings).toEqual([taken]);
  expect(second?.findings).toEqual([skipped(['config.names'], 'same cause as in api')]);
});

it('findings with different texts are different causes', () => {
  const of = (app: string) => ({ about: app, findings: [error('fleet', `there is no group ${app}`, 'create it')] });
  expect(mergeCauses([of('api'), of('shop')])).toEqual([of('api'), of('shop')]);
});
