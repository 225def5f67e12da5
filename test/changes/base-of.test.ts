import { describe, expect, it } from 'vitest';
import { baseOf } from '../../src/changes/base-of.ts';
import type { ReleaseRecord } from '../../src/ledger/types.ts';

function release(version: string, baseImageId: string | undefined, deletedAt?: string): ReleaseRecord {
  return {
    ...{ app: 'api', environment: 'local', version, commit: 'c'.repeat(40), ref: 'HEAD', createdBy: 'ann', run: 'r' },
    ...{ createdAt: '2026-05-04T12:00:00.000Z', state: 'released', knownGood: true, baseImageId },
    image: { region: 'eu-west-1', imageId: `ami-${version}`, name: `api-local-${version}`, deletedAt },
  };
}

describe('baseOf', () => {
  it('follows releases down to the base image, through deleted releases too, and omits failed ones', () => {
    const releases = [
      release('v1', 'ami-base', '2026-05-05T12:00:00.000Z'),
      release('v2', 'ami-v1'),
      release('v3', 'ami-v2'),
      release('v4', 'ami-newer'),
      { ...release('v5', 'ami-newer'), state: 'failed' as const },
    ];
    expect([...baseOf(releases)]).toEqual([
      ['v2', 'ami-base'],
      ['v3', 'ami-base'],
      ['v4', 'ami-newer'],
    ]);
  });

  it('returns nothing for a release whose lineage is unknown or circular', () => {
    const failed = { ...release('v4', 'ami-base'), image: undefined };
    expect([...baseOf([release('v1', undefined), release('v2', 'ami-v3'), release('v3', 'ami-v2'), failed])]).toEqual(
      [],
    );
  });
});
