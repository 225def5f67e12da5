import { describe, expect, it } from 'vitest';
import type { ReleaseRecord } from '../../src/ledger/types.ts';
import { chooseTarget } from '../../src/rollback/target.ts';

const release = (version: string, facts: Partial<ReleaseRecord> = {}): ReleaseRecord => ({
  app: 'api',
  environment: 'production',
  version,
  commit: 'c'.repeat(40),
  ref: 'HEAD',
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'ann',
  run: '20260101T000000-aaaa',
  state: 'released',
  knownGood: true,
  image: { region: 'eu-west-1', imageId: `ami-${version}`, name: `api-${version}` },
  ...facts,
});
/** The images of the versions are there. */
const images = (...versions: string[]) => new Set(versions.map((version) => `ami-${version}`));
const there = images('v1', 'v2', 'v3', 'v4');
const request = { app: 'api', force: false, serving: 'v4', unfinished: false, there };
const releases = [release('v1'), release('v2'), release('v3', { knownGood: false }), release('v4')];
const refusal = (code: string, fix: string, outcome?: string) =>
  expect.objectContaining({ code, fix: expect.stringContaining(fix), ...(outcome && { outcome }) });

describe('the rollback target', () => {
  it('is the last known-good version before what serves, or the requested one', () => {
    expect(chooseTarget(releases, request).version).toBe('v2');
    expect(chooseTarget(releases, { ...request, version: 'v1' }).version).toBe('v1');
  });

  it('may be a newer version: a rollback can be rolled back', () => {
    expect(chooseTarget(releases, { ...request, serving: 'v2', version: 'v4' }).version).toBe('v4');
  });

  it('is not a version that was rolled back, unless it is named', () => {
    const leftovers = [release('v1', { rolledBackAt: '2026-01-02T00:00:00.000Z' }), release('v2')];
    expect(() => chooseTarget(leftovers, { ...request, serving: 'v2' })).toThrow(
      refusal('rollback.no-target', 'to go there all the same: pipeline fast-rollback api v1', 'failed'),
    );
    expect(chooseTarget(leftovers, { ...request, serving: 'v2', version: 'v1' }).version).toBe('v1');
  });

  it('must have been known-good, unless forced', () => {
    expect(() => chooseTarget(releases, { ...request, version: 'v3' })).toThrow(
      refusal('rollback.not-known-good', 'pipeline fast-rollback api v2', 'usage'),
    );
    expect(chooseTarget(releases, { ...request, version: 'v3', force: true }).version).toBe('v3');
    const lost = [release('v1', { image: undefined }), release('v2')];
    expect(() => chooseTarget(lost, { ...request, serving: 'v2', version: 'v1', force: true })).toThrow('has no image');
  });

  it('must exist and not serve already, or the alternatives are printed', () => {
    expect(() => chooseTarget(releases, { ...request, version: 'v9' })).toThrow(
      'api has no release v9. Available: v1, v2',
    );
    expect(() => chooseTarget(releases, { ...request, version: 'v4' })).toThrow('serves v4 already');
    expect(chooseTarget(releases, { ...request, version: 'v4', unfinished: true }).version).toBe('v4');
    expect(() => chooseTarget([release('v4')], request)).toThrow('no known-good release before v4');
  });

  it('must have an image, and only such versions are offered', () => {
    expect(chooseTarget(releases, { ...request, there: images('v1', 'v4') }).version).toBe('v1');
    expect(() => chooseTarget(releases, { ...request, version: 'v9', there: images('v1', 'v4') })).toThrow(
      'Available: v1',
    );
    expect(() => chooseTarget(releases, { ...request, version: 'v3', there: images('v1', 'v4') })).toThrow(
      refusal('rollback.not-known-good', 'choose another version (pipeline fast-rollback api v1)'),
    );
    const leftovers = [release('v1', { rolledBackAt: '2026-01-02T00:00:00.000Z' }), release('v2')];
    expect(() => chooseTarget(leftovers, { ...request, serving: 'v2', there: images('v2') })).toThrow(
      expect.objectContaining({ code: 'rollback.no-target', fix: 'see what there is: pipeline images api' }),
    );
    const cut = [release('v1'), release('v2', { irreversible: 'drops seats.row' }), release('v3'), release('v4')];
    expect(() => chooseTarget(cut, { ...request, version: 'v1', there: images('v1', 'v3', 'v4') })).toThrow(
      refusal('rollback.irreversible', 'go back to v3 at most: pipeline fast-rollback api v3'),
    );
  });

  it('is an error with the state of the last image when there is no image', () => {
    expect(chooseTarget(releases, { ...request, there: new Set() }).version).toBe('v2');
  });

  it('is offered among others with a mark on versions that were rolled back', () => {
    const leftovers = [release('v1'), release('v2', { rolledBackAt: '2026-01-02T00:00:00.000Z' }), release('v4')];
    expect(() => chooseTarget(leftovers, { ...request, version: 'v9' })).toThrow('Available: v1, v2 (rolled back)');
  });

  it('is not before an irreversible release, unless forced', () => {
    const cut = [release('v1'), release('v2', { irreversible: 'drops seats.row' }), release('v3'), release('v4')];
    expect(chooseTarget(cut, { ...request, version: 'v2' }).version).toBe('v2');
    expect(() => chooseTarget(cut, { ...request, version: 'v1' })).toThrow(
      refusal('rollback.irreversible', 'pipeline fast-rollback api v2', 'failed'),
    );
    expect(() => chooseTarget(cut, { ...request, version: 'v1' })).toThrow('drops seats.row');
    expect(() => chooseTarget(cut, { ...request, serving: 'v2' })).toThrow(
      refusal('rollback.irreversible', 'release a fix forward'),
    );
    expect(chooseTarget(cut, { ...request, version: 'v1', force: true }).version).toBe('v1');
  });

  it('may be before an irreversible release that never served', () => {
    const failed = [
      release('v1'),
      release('v2', { irreversible: 'x', state: 'failed', knownGood: false }),
      release('v4'),
    ];
    expect(chooseTarget(failed, { ...request, version: 'v1' }).version).toBe('v1');
  });
});
