/**
 * `attempt at v7` for a run that was to bring a version and did not complete: the number is used up, and there may be no image of it.
 * Undefined for every other run.
 */
export function attemptAt({ version, outcome }: { version?: string; outcome?: string }): string | undefined {
  return version === undefined || outcome === undefined || outcome === 'done' ? undefined : `attempt at ${version}`;
}
