import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { copyTree } from '../../src/machines/images.ts';
import { exec } from './support/sandbox-fixture.ts';

const folders = 30;

/** Puts a link to `host` in the place of each folder of `disk` and the folder back, again and again, until it is killed. */
const swapper = (disk: string, host: string) => `
const fs = require('node:fs');
const names = Array.from({ length: ${folders} }, (_, i) => ${JSON.stringify(disk)} + '/' + i);
console.log('swapping');
for (;;) for (const name of names) {
  fs.renameSync(name, name + '.away');
  fs.symlinkSync(${JSON.stringify(host)}, name);
  fs.unlinkSync(name);
  fs.renameSync(name + '.away', name);
}`;

it('CLD-BOX-04 a copy of a disk in use takes no file of the host along, however folders become links meanwhile', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'live-copy-'));
  const [host, disk] = [join(dir, 'host'), join(dir, 'disk')];
  await mkdir(host);
  for (let file = 0; file < 10; file++) await writeFile(join(host, `file-${file}`), 'of the host');
  for (let folder = 0; folder < folders; folder++) {
    await mkdir(join(disk, 'etc', String(folder)), { recursive: true });
    for (let file = 0; file < 10; file++) await writeFile(join(disk, 'etc', String(folder), `file-${file}`), 'own');
  }
  const child = spawn(process.execPath, ['-e', swapper(join(disk, 'etc'), host)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await once(child.stdout, 'data');
    for (let copy = 0; copy < 5; copy++) {
      await copyTree(disk, join(dir, `copy-${copy}`), true);
      const copied = join(dir, `copy-${copy}`, 'etc');
      // Links that were copied as links are not followed.
      const { stdout } = await exec('find', [copied, '-type', 'f', '-exec', 'cat', '{}', '+']);
      expect(stdout).toContain('own');
      expect(stdout).not.toContain('of the host');
    }
    expect(child.exitCode).toBe(null);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rm(dir, { recursive: true, force: true });
  }
});
