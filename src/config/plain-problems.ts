import type { z } from 'zod';
import type { Raw } from './merge.ts';
import { type At, mistake, type Problem, problem, valueAt } from './problems.ts';
import type { sections } from './schema/pipeline.ts';
import { showsRelease } from './shows-release.ts';

/** Valid sections; an invalid one is undefined. */
interface Sections {
  ansible?: z.output<typeof sections.ansible>;
  release?: z.output<typeof sections.release>;
  secrets?: z.output<typeof sections.secrets>;
}

/** What does not go together with `ansible.kind: 'plain'`: nobody but such a playbook knows what it builds and starts. */
export function plainProblems({ ansible, release, secrets }: Sections, merged: Raw, at: At): Problem[] {
  if (ansible?.kind !== 'plain') return [];
  const found: Problem[] = [];
  if (release && !release.smokeTests.some(showsRelease)) {
    // The result is not known beforehand: only the service itself can report its release.
    const expected =
      "a test whose answer shows the release, such as { path: '/version', contains: '{version}' }, as ansible.kind is 'plain'";
    const written = valueAt(merged, ['release', 'smokeTests']) ?? [];
    found.push(problem(at(['release', 'smokeTests']), written, expected));
  }
  if (release?.migrate) {
    const why =
      "a migration cannot run with ansible.kind 'plain', as such a playbook starts the new version by itself, and only it knows the folder, user and environment; make the migration one of its tasks, and leave out release.migrate (in one environment: migrate: false)";
    found.push(mistake(at(['release', 'migrate']), why));
  }
  const [secret] = Object.keys(secrets ?? {});
  if (secret !== undefined) {
    const why =
      "secrets cannot be read with ansible.kind 'plain', as the release role installs what reads them at boot; leave out secrets, and read them in the service itself";
    found.push(mistake(at(['secrets', secret]), why));
  }
  return found;
}
