import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toShownError } from '../../src/shared/shown-error.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-system-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const thrown = (work: Promise<unknown>) => work.then(() => undefined, toShownError);

test('a refusal of the file system is not a defect, and is reported with the file and the fix', async () => {
  const loop = join(folder, 'loop');
  await symlink('loop', loop);
  await mkdir(join(folder, 'folder'));
  await writeFile(join(folder, 'file'), '');
  expect(await thrown(writeFile(join(folder, 'folder'), ''))).toEqual({
    code: 'system.eisdir',
    message: `cannot open ${join(folder, 'folder')}: it is a folder, not a file`,
    fix: `move it away: ${join(folder, 'folder')}`,
    details: [],
    outcome: 'failed',
    defect: false,
  });
  expect(await thrown(writeFile(join(folder, 'file/more'), ''))).toMatchObject({ code: 'system.enotdir' });
  expect(await thrown(writeFile(loop, ''))).toMatchObject({ code: 'system.eloop', defect: false });
  expect(await thrown(writeFile('/dev/full', 'x'))).toMatchObject({
    message: 'cannot write: no space is left',
    fix: expect.stringContaining('df -h'),
  });
});

test.each(['EACCES', 'EPERM', 'EROFS'])('the error %s is reported with the path, and is not a defect', (code) => {
  const error = Object.assign(new Error(code), { code, syscall: 'open', path: '/srv/x' });
  expect(toShownError(error)).toMatchObject({ defect: false, message: expect.stringMatching('^cannot open /srv/x: ') });
});

test('a missing file, and an error without a system call, remain defects', async () => {
  expect(await thrown(rm(join(folder, 'none')))).toMatchObject({ code: 'defect', defect: true });
  expect(toShownError(Object.assign(new Error('x'), { code: 'EACCES' }))).toMatchObject({ defect: true });
});
