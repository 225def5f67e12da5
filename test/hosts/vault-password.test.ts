import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { vaultPasswordProblem } from '../../src/hosts/vault-password.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gp-vault-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  ['of its owner', 0o600, undefined],
  ['of its group', 0o640, undefined],
  ['that everybody can read', 0o644, 'can be read by everybody (mode 0644)'],
  ['that everybody can write', 0o602, 'can be written by everybody (mode 0602)'],
  ['that is a program', 0o755, undefined],
  ['that is a program which everybody can write', 0o757, 'can be written by everybody (mode 0757)'],
])('a vault password file %s', async (_what, mode, problem) => {
  const file = path.join(folder, 'password');
  await writeFile(file, 'x');
  await chmod(file, mode);
  expect((await vaultPasswordProblem(file))?.problem).toBe(problem);
});

it('a missing vault password file, and a folder, are reported', async () => {
  expect((await vaultPasswordProblem(path.join(folder, 'none')))?.problem).toBe('does not exist');
  expect((await vaultPasswordProblem(folder))?.problem).toBe('is not a file');
});
