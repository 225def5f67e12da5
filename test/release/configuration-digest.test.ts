import { describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/config/settings.ts';
import { configurationDigest } from '../../src/release/configuration-digest.ts';

const settings = (projectDir: string, variables: object, more: object = {}) =>
  ({
    ...{ projectDir, source: { repository: projectDir, path: 'api' }, service: { port: 8080 }, secrets: {} },
    ansible: { playbook: `${projectDir}/ansible/api.yml`, kind: 'release', groups: ['api'], variables, files: [] },
    release: { clean: {}, keep: 5 },
    ...more,
  }) as unknown as Fleet;
const digest = (fleet: Fleet, run = 'run-1') => configurationDigest(fleet, run);
const usual = digest(settings('/home/ann/shop', { color: 'red', file: '/home/ann/shop/x' }));

describe('the digest of a configuration', () => {
  it('is the same in another folder and for another order of keys', () => {
    expect(digest(settings('/ci/42', { file: '/ci/42/x', color: 'red' }))).toBe(usual);
  });

  it.each([
    ['a variable', settings('/home/ann/shop', { color: 'blue', file: '/home/ann/shop/x' })],
    [
      'a secret',
      settings('/home/ann/shop', { color: 'red', file: '/home/ann/shop/x' }, { secrets: { KEY: 'ssm:/x' } }),
    ],
  ])('is another one for %s that differs', (_what, fleet) => {
    expect(digest(fleet)).not.toBe(usual);
  });

  it('holds nothing that could be read, and is another one for each run', () => {
    expect(usual).toMatch(/^[0-9a-f]{64}$/);
    expect(digest(settings('/home/ann/shop', { color: 'red', file: '/home/ann/shop/x' }), 'run-2')).not.toBe(usual);
  });
});
