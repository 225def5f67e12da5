import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Services } from '../../src/fleet/services.ts';
import { irreversibleMarker } from '../../src/release/irreversible.ts';
import { runGit, type TemporaryRepository, temporaryRepository } from '../hosts/git/support/temporary-repository.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

/** What the marker says of a commit, where another serves as v1. */
const evaluate = (commit: string, served: string | undefined, repository = repo.repository) =>
  irreversibleMarker(
    {
      fleet: { app: 'api', source: { repository, path: 'app' } },
      ledger: { release: async () => (served === undefined ? undefined : { commit: served }) },
    } as unknown as Services,
    commit,
    'v1',
  );

it('an irreversible marker counts for the commit that adds or changes it', async () => {
  const none = await repo.commit({ 'app/a': 'x' });
  const added = await repo.commit({ 'app/.irreversible': 'drops a column\nmore\n' });
  const later = await repo.commit({ 'app/a': 'y' });
  const changed = await repo.commit({ 'app/.irreversible': '\n' });
  expect(await evaluate(none, added)).toBeUndefined();
  expect(await evaluate(added, none)).toBe('drops a column');
  expect(await evaluate(later, added)).toBeUndefined();
  expect(await evaluate(later, undefined)).toBe('drops a column');
  expect(await evaluate(changed, later)).toBe('.irreversible says so');
});

it('a clone that lacks the serving commit cannot tell whether a release is irreversible, and says how to fetch it', async () => {
  const before = await repo.commit({ 'app/.irreversible': 'drops a column\n' });
  const after = await repo.commit({ 'app/a': 'x' });
  const shallow = join(repo.folder, 'shallow');
  runGit(repo.folder, 'clone', '-q', '--depth=1', `file://${repo.repository}`, shallow);
  await expect(evaluate(after, before, shallow)).rejects.toMatchObject({
    code: 'release.irreversible-unknown',
    outcome: 'usage',
    fix: expect.stringMatching(/fetch --unshallow\), .*--irreversible/),
  });
  await expect(evaluate(after, 'unknown', shallow)).rejects.toMatchObject({ code: 'release.irreversible-unknown' });
  runGit(shallow, 'fetch', '-q', '--unshallow');
  expect(await evaluate(after, before, shallow)).toBeUndefined();
});

it('a shallow clone is sufficient where no commit has an irreversible marker', async () => {
  const before = await repo.commit({ 'app/a': 'x' });
  const after = await repo.commit({ 'app/a': 'y' });
  const shallow = join(repo.folder, 'shallow');
  runGit(repo.folder, 'clone', '-q', '--depth=1', `file://${repo.repository}`, shallow);
  expect(await evaluate(after, before, shallow)).toBeUndefined();
});
