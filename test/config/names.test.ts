import { PipelineError } from '@golden-pipeline/shared/errors';
import { describe, expect, it } from 'vitest';
import { appName, environmentName, gitRef, versionName } from '../../src/config/names.ts';

const hostile = [
  ';rm -rf /',
  '../../etc/passwd',
  'api\nrm',
  '--upload-pack=touch x',
  '',
  ' api',
  'a b',
  '$(id)',
  'api\u0000',
  'ａｐｉ',
  '\u202eapi',
];

function refusal(check: () => unknown): PipelineError {
  try {
    check();
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('names from the command line', () => {
  it.each(hostile)('refuses %j as app, environment, version and ref, naming it on one line', (value) => {
    for (const check of [appName, environmentName, versionName, gitRef]) {
      const error = refusal(() => check(value));
      expect(error.outcome).toBe('usage');
      expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(error.fix).toBeTruthy();
    }
  });

  it('shows control characters escaped', () => {
    expect(refusal(() => appName('api\nrm')).message).toBe('"api\\nrm" is not a name of an app');
    expect(refusal(() => gitRef('\u202emain')).message).toContain('\\u202e');
  });

  it('accepts ordinary names', () => {
    expect(appName('tkt-api2')).toBe('tkt-api2');
    expect(environmentName('production')).toBe('production');
    expect(versionName('v42')).toBe('v42');
  });

  it.each(['v0', 'v01', '42', 'v', 'v1234567', 'V1', 'v1\n'])('refuses the version %j', (value) => {
    expect(refusal(() => versionName(value)).code).toBe('name.version');
  });

  it.each([
    'main',
    'feature/login-2',
    'v1.2.3',
    'HEAD',
    'HEAD~1',
    'main^',
    'main~2^2',
    'a1b2c3d',
    'origin/main',
    'user@topic',
    'fix#12',
  ])('accepts the ref %s', (value) => expect(gitRef(value)).toBe(value));

  it.each([
    '-x',
    'a..b',
    'a...b',
    'main@{1}',
    '@{u}',
    'HEAD:secret',
    '/main',
    'main/',
    'main.',
    'a//b',
    'x.lock',
    'a/.b',
    'a*',
    'a?',
    'a[b',
    'a\\b',
    '^main',
    '~1',
    'x'.repeat(201),
    'a;b',
    "a'b",
    'a`b',
    'HEAD~99999',
  ])('refuses the ref %j', (value) => expect(refusal(() => gitRef(value)).code).toBe('name.ref'));
});
