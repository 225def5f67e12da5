import { describe, expect, it } from 'vitest';
import { compareVersions, versionAfter, versionNumber, versionOf } from '../../src/shared/version.ts';

describe('a version', () => {
  it('is read and written by its number', () => {
    expect(versionNumber('v42')).toBe(42);
    expect(versionOf(42)).toBe('v42');
  });

  it.each(['', '42', 'v', 'v4x', 'version'])('has no number when the text is %j', (text) => {
    expect(versionNumber(text)).toBeNaN();
  });

  it('is ordered by number, not by text', () => {
    expect(['v10', 'v9', 'v1'].sort(compareVersions)).toEqual(['v1', 'v9', 'v10']);
  });

  it('comes after the highest of all, and after the number that the cloud shows', () => {
    expect(versionAfter([])).toBe('v1');
    expect(versionAfter(['v1', 'v10', 'v9'])).toBe('v11');
    expect(versionAfter(['v1'], 12)).toBe('v13');
  });
});
