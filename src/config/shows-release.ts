import type { Fleet } from './settings.ts';

/**
 * True for a smoke test that only the release under test can pass: its expected answer contains the version or the
 * commit.
 */
export function showsRelease({ contains }: { contains?: string }): boolean {
  return contains !== undefined && /\{(version|commit)\}/.test(contains);
}

/** The smoke tests of a fleet that distinguish releases. */
export function showingTests({ release }: Pick<Fleet, 'release'>): Fleet['release']['smokeTests'] {
  return release.smokeTests.filter(showsRelease);
}
