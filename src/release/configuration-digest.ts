import { scryptSync } from 'node:crypto';
import type { Fleet } from '../config/settings.ts';

/** Slow enough that a short password among the variables cannot be searched for: about 10 ms each. */
const cost = 4096;

/**
 * Digest of the settings that decide what is on a host of a release, as they were resolved: a variable may come from the environment of
 * the shell, so the commit of the project does not tell them all.
 * @param salt Id of the run that makes the release.
 */
export function configurationDigest(
  { projectDir, source, ansible, service, secrets, release }: Fleet,
  salt: string,
): string {
  const { kind, groups, variables, files } = ansible;
  const decisive = { path: source.path, kind, groups, variables, files, service, secrets, clean: release.clean };
  // The same project in another folder, as each CI job has it, is the same.
  const text = JSON.stringify(sorted(decisive)).replaceAll(projectDir, '.');
  return scryptSync(text, salt, 32, { N: cost }).toString('hex');
}

/** The same whatever the order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
