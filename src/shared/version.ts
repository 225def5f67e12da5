/** Name of a release: `v` and a number from 1 on, at most six digits. */
export const versionPattern = /^v[1-9][0-9]{0,5}$/;

/** Whether a text is the name of a release. */
export function isVersion(text: string): boolean {
  return versionPattern.test(text);
}

/** Number of a version: 42 for `v42`; NaN for what is not a version. */
export function versionNumber(version: string): number {
  return isVersion(version) ? Number(version.slice(1)) : Number.NaN;
}

/** The version of a number: `v42` for 42. */
export function versionName(number: number): string {
  return `v${number}`;
}

/** Negative where `a` is older than `b`, 0 for the same version. */
export function compareVersions(a: string, b: string): number {
  return versionNumber(a) - versionNumber(b);
}

/** The version after all of these, and after the number `above`. */
export function versionAfter(versions: readonly string[], above = 0): string {
  return versionName(Math.max(above, ...versions.map(versionNumber)) + 1);
}
