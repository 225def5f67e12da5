import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readChanges } from '../../src/changes/read-changes.ts';
import { renderChanges } from '../../src/cli/views/changes.ts';
import { colorsFor } from '../../src/cli/views/text.ts';
import type { Fleet } from '../../src/config/settings.ts';
import type { ReleaseRecord } from '../../src/ledger/types.ts';
import { type TemporaryRepository, temporaryRepository } from '../hosts/git/support/temporary-repository.ts';

let repo: TemporaryRepository;
let first: string;
let second: string;

beforeAll(async () => {
  repo = await temporaryRepository();
  const files = { 'api/server.js': '1', 'ansible/api.yml': '- hosts: all\n', 'web/index.html': '1' };
  first = await repo.commit(files);
  await repo.commit({ 'web/index.html': '2' });
  second = await repo.commit({
    'api/server.js': '2',
    'api/db/migrate/2_add_column.rb': 'x',
    'api/.irreversible': 'drops the column price\nmore',
    'ansible/api.yml': '- hosts: app\n',
  });
  repo.git('remote', 'add', 'origin', 'git@github.com:shop/services.git');
});
afterAll(() => repo.remove());

const built = (version: string, baseImageId: string) =>
  ({ version, baseImageId, image: { imageId: `ami-${version}` }, state: 'released' }) as ReleaseRecord;

/** Compares with a ledger that has v1 of the first commit, and v2 of one that the clone lacks. */
function changes(request: Parameters<typeof readChanges>[2]) {
  const source = { repository: repo.repository, path: 'api' };
  const records: Record<string, object> = {
    v1: { commit: first, projectCommit: first },
    v2: { commit: 'a'.repeat(40) },
  };
  const ledger = {
    release: async (_app: string, version: string) => records[version] as never,
    releases: async () => [built('v1', 'ami-base'), built('v2', 'ami-v1'), built('v3', 'ami-newer')],
  };
  const fleet = { app: 'api', environment: 'production', source } as unknown as Fleet;
  const playbook = `${repo.repository}/ansible/api.yml`;
  return readChanges({ fleet, ledger }, { projectDir: repo.repository, playbook, files: [] }, request);
}

describe('changes', () => {
  it('have commits and files of the app, migrations, the marker, and what builds hosts', async () => {
    const found = await changes({ serving: 'v1' });
    expect(found).toMatchObject({
      from: { version: 'v1', commit: first },
      to: { version: null, ref: 'HEAD', commit: second },
      commits: [{ commit: second, url: `https://github.com/shop/services/commit/${second}` }],
      removed: [],
      migrations: ['api/db/migrate/2_add_column.rb'],
      irreversible: 'drops the column price',
      project: [{ path: 'ansible/api.yml', how: 'changed' }],
      base: { from: { imageId: 'ami-base', name: null }, to: { imageId: 'ami-base' }, newer: null },
    });
    expect(renderChanges(found, colorsFor(false)).split('\n')).toEqual([
      `api in production: v1 (${first.slice(0, 12)}) -> HEAD (${second.slice(0, 12)})`,
      '1 commit that v1 does not have:',
      expect.stringMatching(/^ {2}[0-9a-f]{12} {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}t: change {2}https:/),
      'files of the app: 3 changed',
      '  + api/.irreversible',
      '  + api/db/migrate/2_add_column.rb',
      '  ~ api/server.js',
      'migration  api/db/migrate/2_add_column.rb',
      'irreversible  drops the column price',
      'roles and configuration: 1 changed',
      '  ~ ansible/api.yml',
      'base image: ami-base, no change',
      '',
    ]);
  });

  it('show what an older commit takes away', async () => {
    const found = await changes({ from: 'main', to: 'v1' });
    expect(found).toMatchObject({ commits: [], removed: [{ commit: second }], migrations: [], irreversible: null });
    expect(renderChanges(found, colorsFor(false))).toContain('1 commit of main that would be gone:');
  });

  it('are refused for what is not there, with what to do', async () => {
    await expect(changes({})).rejects.toMatchObject({ code: 'diff.nothing-serves', outcome: 'usage' });
    await expect(changes({ from: 'v7' })).rejects.toMatchObject({ code: 'release.unknown', outcome: 'usage' });
    await expect(changes({ from: 'no-such-branch' })).rejects.toMatchObject({ code: 'git.unknown-ref' });
    await expect(changes({ from: 'v2' })).rejects.toMatchObject({
      code: 'git.unknown-commit',
      message: 'this clone lacks commit aaaaaaaaaaaa of v2',
      fix: expect.stringContaining('fetch origin'),
    });
  });
});
