import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { fakeContext } from '../support/fake-context.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'local-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A command with the state in `folder/cloud`, outside of any project. */
async function local(...argv: string[]) {
  const context = fakeContext(['local', ...argv], { cwd: folder, env: { PIPELINE_LOCAL_DIR: 'cloud' } });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

const cloud = () => join(folder, 'cloud');

test('local status of a cloud that is down exits with 1 and says how to start it', async () => {
  const { code, out, err } = await local('status', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out).error.code).toBe('local.not-running');
  expect(err).toBe('error: the local cloud is not running\nfix: pipeline local up\n');
});

test('local down of a cloud that is down is not an error', async () => {
  expect(await local('down')).toMatchObject({ code: 0, out: 'the local cloud was not running\n' });
  expect(JSON.parse((await local('down', '--json')).out)).toEqual({ stopped: false });
});

test('local reset deletes a folder with a cloud in it only after --yes', async () => {
  mkdirSync(join(cloud(), 'machines'), { recursive: true });
  writeFileSync(join(cloud(), 'state.json'), '{}');
  expect(await local('reset')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(existsSync(cloud())).toBe(true);
  expect(await local('reset', '--yes')).toMatchObject({ code: 0 });
  expect(existsSync(cloud())).toBe(false);
  expect(JSON.parse((await local('reset', '--yes', '--json')).out)).toEqual({ removed: false, dir: cloud() });
});

test('local reset refuses any other folder, also with --yes', async () => {
  mkdirSync(cloud());
  writeFileSync(join(cloud(), 'thesis.tex'), '');
  expect(await local('reset', '--yes')).toMatchObject({ code: 2, err: expect.stringContaining('does not look like') });
  expect(existsSync(join(cloud(), 'thesis.tex'))).toBe(true);
});

test('local reset accepts a folder that a failed start left behind', async () => {
  mkdirSync(cloud());
  writeFileSync(join(cloud(), 'daemon.log'), '');
  expect(await local('reset', '--yes')).toMatchObject({ code: 0 });
  expect(existsSync(cloud())).toBe(false);
});
