/** Name of a release: `v` and a number from 1 on, of six digits at most. */
export const versionPattern = /^v[1-9][0-9]{0,5}$/;

/** Number of a version: 42 for `v42`; NaN for what is not a version. */
export function versionNumber(version: string): number {
  return /^v[0-9]+$/.test(version) ? Number(version.slice(1)) : Number.NaN;
}

/** The version of a number: `v42` for 42. */
export function versionOf(number: number): string {
  return `v${number}`;
}

/** Negative where `a` is older than `b`, 0 for the same version; NaN where one of them is not a version. */
export function compareVersions(a: string, b: string): number {
  return versionNumber(a) - versionNumber(b);
}

/** The version that comes after all of these, and after the number `above`. */
export function versionAfter(versions: readonly string[], above = 0): string {
  return versionOf(Math.max(above, ...versions.map(versionNumber)) + 1);
}
