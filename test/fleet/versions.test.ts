import { describe, expect, it } from 'vitest';
import { leftBehind, rollbackTarget } from '../../src/fleet/versions.ts';
import type { ReleaseRecord } from '../../src/ledger/types.ts';

const release = (version: string, facts: Partial<ReleaseRecord> = {}): ReleaseRecord => ({
  app: 'api',
  environment: 'local',
  version,
  commit: 'c',
  ref: 'HEAD',
  createdAt: '',
  createdBy: '',
  run: '',
  state: 'released',
  image: { region: 'eu-west-1', imageId: `ami-${version}`, name: version },
  knownGood: true,
  ...facts,
});

describe('versions', () => {
  it('go back to the last known-good one before the one that serves', () => {
    const releases = [release('v9'), release('v10', { knownGood: false }), release('v11')];
    expect(rollbackTarget(releases, 'v11')?.version).toBe('v9');
    expect(rollbackTarget(releases, 'v9')).toBeUndefined();
    expect(rollbackTarget([release('v1', { image: undefined })], 'v2')).toBeUndefined();
  });

  it('do not go back to one that was rolled back', () => {
    const releases = [release('v1'), release('v2', { rolledBackAt: '2026-01-01T00:00:00.000Z' }), release('v3')];
    expect(rollbackTarget(releases, 'v3')?.version).toBe('v1');
  });

  it('are marked by a rollback: the one that served, and each known-good one that is skipped', () => {
    const releases = [
      release('v1'),
      release('v9'),
      release('v10', { knownGood: false }),
      release('v11', { rolledBackAt: '2026-01-01T00:00:00.000Z' }),
      release('v12', { knownGood: false }),
      release('v13'),
    ];
    expect(leftBehind(releases, 'v1', 'v12')).toEqual(['v9', 'v12']);
    expect(leftBehind(releases, 'v9', 'v13')).toEqual(['v13']);
    // Forward, and where nothing serves, nothing is left.
    expect(leftBehind(releases, 'v13', 'v9')).toEqual([]);
    expect(leftBehind(releases, 'v1', undefined)).toEqual([]);
  });
});
