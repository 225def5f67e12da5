import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fleet } from '../../src/config/settings.ts';
import { runAll } from '../../src/doctor/finding.ts';
import { reachChecks } from '../../src/doctor/reach.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';

const path = process.env.PATH;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-reach-'));
});
afterEach(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true, force: true });
});

const findings = (ssh: Partial<Fleet['ssh']>) => runAll(reachChecks({ fleet: { ssh } } as unknown as DoctorServices));

it('doctor has nothing to check for a direct connection', async () => {
  expect(await findings({ via: 'direct' })).toEqual([]);
});

it('doctor reports missing programs for sessions, each with its fix', async () => {
  process.env.PATH = folder;
  expect(await findings({ via: 'ssm' })).toEqual([
    expect.objectContaining({ id: 'reach.ssm', severity: 'error', fix: 'apt-get install awscli' }),
    expect.objectContaining({ severity: 'error', message: expect.stringContaining('session-manager-plugin') }),
  ]);
  for (const name of ['aws', 'session-manager-plugin']) {
    await writeFile(join(folder, name), '');
    await chmod(join(folder, name), 0o755);
  }
  expect(await findings({ via: 'ssm' })).toEqual([expect.objectContaining({ id: 'reach.ssm', severity: 'ok' })]);
});

it('doctor checks whether the jump host answers', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const proxyJump = { to: `ops@127.0.0.1:${port}`, hostKeys: [], privateKey: '' };
  expect(await findings({ proxyJump })).toEqual([expect.objectContaining({ id: 'reach.jump', severity: 'ok' })]);
  await new Promise((resolve) => server.close(resolve));
  expect(await findings({ proxyJump })).toEqual([
    expect.objectContaining({
      id: 'reach.jump',
      severity: 'warning',
      message: expect.stringContaining('ECONNREFUSED'),
    }),
  ]);
});
