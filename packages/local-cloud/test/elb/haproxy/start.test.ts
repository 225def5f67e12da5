import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, expect, it } from 'vitest';
import { HaproxyChild, haproxyPath, startTime } from '../../../src/elb/haproxy/child.ts';
import { HaproxyDriver } from '../../../src/elb/haproxy/driver.ts';
import { parseStat } from '../../../src/elb/haproxy/runtime.ts';
import { startDriver } from '../support/real.ts';

const dirs: string[] = [];
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'elb-start-'));
  dirs.push(dir);
  return dir;
}
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

it('says what to install when HAProxy is missing', async () => {
  const driver = new HaproxyDriver({
    dir: folder(),
    clock: systemClock(),
    binary: 'haproxy-that-is-not-there',
    report: () => {},
  });
  await expect(driver.start()).rejects.toMatchObject({
    code: 'local.haproxy-missing',
    fix: expect.stringContaining('apt-get install haproxy'),
  });
  await driver.close();
});

it('starts in a folder whose path is too long for sockets', async () => {
  const dir = join(folder(), 'd'.repeat(60), 'e'.repeat(60));
  mkdirSync(dir, { recursive: true });
  const real = await startDriver(dir);
  expect(await real.driver.read()).toEqual([]);
  await real.close();
});

it('ends the HAProxy that a killed process left in the folder, and leaves nothing behind when closed', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'left.cfg'), `global\n  stats socket ${dir}/left.sock\ndefaults\n  timeout client 1s\n`);
  const left = new HaproxyChild(haproxyPath('haproxy'), dir, ['-W', '-db', '-f', 'left.cfg'], () => {});
  await until(() => left.output.join().includes('Loading success'));
  const real = await startDriver(dir);
  expect(startTime(left.pid)).toBeUndefined();
  const { master, worker } = real.driver.pids;
  expect(startTime(worker)).toBeDefined();
  await real.close();
  expect([startTime(master), startTime(worker)]).toEqual([undefined, undefined]);
});

it('does not outlive the process that started it', async () => {
  const dir = folder();
  const code = `
    import { HaproxyDriver } from '${join(process.cwd(), 'packages/local-cloud/src/elb/haproxy/driver.ts')}';
    import { systemClock } from '${join(process.cwd(), 'packages/shared/src/clock.ts')}';
    const driver = new HaproxyDriver({ dir: ${JSON.stringify(dir)}, clock: systemClock(), report() {} });
    await driver.start();
    console.log(JSON.stringify(driver.pids));
    setInterval(() => {}, 1000);`;
  const { build } = await import('esbuild');
  const script = join(dir, 'run.mjs');
  await build({
    stdin: { contents: code, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
    logLevel: 'error',
  });
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await until(() => output.includes('}'));
  const { master, worker } = JSON.parse(output) as { master: number; worker: number };
  expect(startTime(master)).toBeDefined();
  child.kill('SIGKILL');
  await until(() => !startTime(master) && !startTime(worker));
  expect(readFileSync(join(dir, 'haproxy.pid.json'), 'utf8')).toContain(String(master));
});

it('reads quoted texts in statistics', () => {
  const csv =
    '# pxname,svname,scur,check_status,check_code,last_chk,check_health,\ntg-1,s,2,* L7STS,503,"a, ""b"" 503",3,\n\n';
  expect(parseStat(csv)).toEqual([
    { backend: 'tg-1', name: 's', sessions: 2, checkCode: 503, checkStatus: 'L7STS', checkHealth: 3 },
  ]);
});
