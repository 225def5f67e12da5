import { describe, expect, it } from 'vitest';
import { askedPaths, evaluate } from '../../src/analysis/answers.ts';
import type { Fleet } from '../../src/config/settings.ts';

const versions = [
  { version: 'v2', commit: 'bbb' },
  { version: 'v1', commit: 'aaa' },
];
const asked = { path: '/version', status: 200, contains: '"version":"{version}"' };
const answer = (status: number, body: string, headers: Record<string, string> = {}) => ({
  status,
  body,
  ms: 1,
  headers,
});

describe('answers of probes', () => {
  it.each([
    ['of the new version', answer(200, '{"version":"v2"}'), { version: 'v2' }],
    ['of the old version', answer(200, '{"version":"v1"}'), { version: 'v1' }],
    [
      'of an unknown version',
      answer(200, '{"version":"v9"}'),
      { fault: expect.stringContaining('answered without "\\"version\\":\\"v2\\""'.replaceAll('\\', '')) },
    ],
    ['with another status', answer(500, 'no'), { fault: 'answered 500 instead of 200' }],
  ])('%s', (_, given, expected) => {
    expect(evaluate(asked, given, versions, undefined)).toEqual(expected);
  });

  it('a bad answer still reports its version in the header', () => {
    expect(evaluate(asked, answer(500, 'no', { 'x-release': 'v2' }), versions, 'X-Release')).toEqual({
      version: 'v2',
      fault: 'answered 500 instead of 200',
    });
  });

  it('without a smoke test, a path answers badly from status 400 on', () => {
    expect(evaluate({ path: '/a' }, answer(302, ''), versions, undefined)).toEqual({});
    expect(evaluate({ path: '/a' }, answer(404, ''), versions, undefined)).toEqual({ fault: 'answered 404' });
  });

  it('no version is known when both versions contain the same, or when one of them is unknown', () => {
    expect(evaluate({ ...asked, contains: 'ok' }, answer(200, 'ok'), versions, undefined)).toEqual({});
    const unknown = [{ version: 'v2', commit: 'bbb' }, { version: 'v1' }];
    const byCommit = { ...asked, contains: '{commit}' };
    expect(evaluate(byCommit, answer(200, 'ccc'), unknown, undefined)).toEqual({});
    expect(evaluate(byCommit, answer(200, 'bbb'), unknown, undefined)).toEqual({ version: 'v2' });
    expect(evaluate(asked, answer(200, 'anything'), [], undefined)).toEqual({});
  });
});

describe('what the prober requests', () => {
  const fleet = (smokeTests: object[], paths: string[]) =>
    ({ release: { smokeTests, watch: { paths } }, service: { healthPath: '/health' } }) as unknown as Fleet;

  it('every smoke test and every further path once, or the health route when there are none', () => {
    expect(askedPaths(fleet([asked], ['/a', '/version']))).toEqual([asked, { path: '/a' }]);
    expect(askedPaths(fleet([], []))).toEqual([{ path: '/health' }]);
  });
});
