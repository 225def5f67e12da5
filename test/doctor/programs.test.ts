import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { diagnosePrograms } from '../../src/doctor/programs.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-programs-'));
  vi.stubEnv('PATH', dir);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

async function install(name: string, prints: string): Promise<void> {
  await writeFile(path.join(dir, name), `#!/bin/sh\necho '${prints}'\n`);
  await chmod(path.join(dir, name), 0o755);
}

it('tells the versions of the programs that commands start', async () => {
  await install('git', 'git version 2.39.5');
  await install('ssh', 'OpenSSH_9.2p1');
  await install('ansible-playbook', 'ansible-playbook [core 2.14.18]');
  await install('packer', 'Packer v1.11.2');
  expect((await diagnosePrograms('20.20.0')).map(({ severity, message }) => `${severity} ${message}`)).toEqual([
    'ok Node 20.20.0',
    'ok git version 2.39.5',
    'ok OpenSSH_9.2p1',
    'ok ansible-playbook [core 2.14.18]',
    'ok packer 1.11.2',
  ]);
});

it('says what is missing: an error where releases need it, a word where only base images do', async () => {
  const found = await diagnosePrograms('18.0.0');
  expect(found.map(({ id, severity, fix }) => [id, severity, fix])).toEqual([
    ['programs.node', 'error', 'install Node 20.19 or newer'],
    ['programs.git', 'error', 'apt-get install git'],
    ['programs.ssh', 'error', 'apt-get install openssh-client'],
    ['programs.ansible-playbook', 'error', 'apt-get install ansible-core'],
    ['programs.packer', 'ok', undefined],
  ]);
  expect(found.at(-1)?.message).toBe('no packer here, which pipeline base build needs');
});
