import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, expect, it } from 'vitest';

const exec = promisify(execFile);
const program = new URL('../../ansible/roles/release/files/migrate.py', import.meta.url).pathname;

let dir: string;
let folder: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-migrate-'));
  folder = path.join(dir, 'releases', 'v2');
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, '.release-migrate.json'),
    JSON.stringify({
      state: path.join(dir, 'state'),
      environment: { NODE_ENV: 'production', WORKERS: 4 },
      ...{ user: '', host: '0.0.0.0', port: 3000, instance_env: path.join(dir, 'instance.env') },
      ...{ secrets: path.join(dir, 'values.json'), kill_seconds: 0.3 },
    }),
  );
});
afterEach(async () => {
  await call('stop').catch(() => undefined);
  await until(
    () => status(),
    ({ state }) => state !== 'running',
  ).catch(() => undefined);
  await rm(dir, { recursive: true, force: true });
});

interface Answer {
  state: string;
  exit?: number;
  signal?: string;
  why?: string | null;
  reason?: string;
  error?: string;
  text: string;
  offset: number;
  skipped: number;
  more: boolean;
}

async function call(action: string, ...words: string[]): Promise<Answer> {
  const { stdout } = await exec('python3', ['-I', program, action, folder, 'run-1', ...words], { maxBuffer: 1e8 });
  return JSON.parse(stdout) as Answer;
}

const status = (offset = 0) => call('status', String(offset));
const start = (script: string, { timeout = 60, facts = {} } = {}) =>
  call('start', JSON.stringify({ command: ['sh', '-c', script], timeout, facts }));
const ended = () =>
  until(
    () => status(),
    ({ state }) => state !== 'running',
  );

it('a migration runs on in its own session after the program that started it has exited, and its end is found', async () => {
  expect(await start('ps -o sid= -p $$; sleep 0.5; echo done; exit 3')).toMatchObject({ state: 'running' });
  const end = await ended();
  expect(end).toMatchObject({ state: 'ended', exit: 3, why: null });
  const [session, last] = end.text.trim().split('\n');
  expect(last).toBe('done');
  const { stdout } = await exec('ps', ['-o', 'sid=', '-p', String(process.pid)]);
  expect(session?.trim()).not.toBe(stdout.trim());
});

it('a start that is repeated, also at the same time, does not run the command again', async () => {
  const log = path.join(dir, 'log');
  const script = `echo once >>${log}; sleep 0.3`;
  const answers = await Promise.all([start(script), start(script), start(script)]);
  expect(answers.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  await ended();
  expect((await start(script)).state).toBe('ended');
  expect(await readFile(log, 'utf8')).toBe('once\n');
});

it('a migration has the environment of the service, the address of the host and the facts of the run', async () => {
  await writeFile(path.join(dir, 'instance.env'), 'HOST=10.0.0.7\n');
  await start('echo "$NODE_ENV $WORKERS $HOST $PORT $PIPELINE_VERSION"; pwd; [ -n "$HOME" ] && echo home', {
    facts: { PIPELINE_VERSION: 'v2' },
  });
  expect((await ended()).text).toBe(`production 4 10.0.0.7 3000 v2\n${folder}\nhome\n`);
});

it('a release with secrets gives them to the migration, and their values are not in its output', async () => {
  await writeFile(
    path.join(dir, 'values.json'),
    JSON.stringify({ 'ssm:/a': 'hunter2-secret', 'ssm:/b': 'one-line\ntwo-line' }),
  );
  // The program of the release that reads secrets has them in the environment of what it starts.
  await writeFile(
    path.join(folder, '.release-secrets.py'),
    'import os, sys\nassert os.environ["PIPELINE_STAGING"]\nwords = sys.argv[sys.argv.index("--") + 1:]\nos.execvpe(words[0], words, {**os.environ, "DB": "hunter2-secret"})\n',
  );
  await start('echo "$DB [$PIPELINE_STAGING]"; printf hunter; sleep 0.4; echo 2-secret; echo two-line');
  const end = await ended();
  expect(end.text).toBe('[redacted] []\n[redacted]\n[redacted]\n');
  for (const name of await readdir(path.join(dir, 'state', 'run-1'))) {
    expect(await readFile(path.join(dir, 'state', 'run-1', name), 'utf8')).not.toMatch(/hunter2|two-line/);
  }
});

it('a migration that exceeds its time is killed with all that it has started', async () => {
  const pids = path.join(dir, 'pids');
  await start(`trap '' TERM; sh -c "trap '' TERM; echo \\$\\$ >${pids}; sleep 60; sleep 60" & sleep 60; sleep 60`, {
    timeout: 1,
  });
  expect(await ended()).toMatchObject({ state: 'ended', signal: 'SIGKILL', why: 'timeout' });
  const pid = (await readFile(pids, 'utf8')).trim();
  await until(async () =>
    (await exec('ps', ['-o', 'stat=', '-p', pid]).catch(() => ({ stdout: 'Z' }))).stdout.startsWith('Z'),
  );
});

it('stop ends a migration with SIGTERM, so that it can tidy up', async () => {
  await start("trap 'echo tidied; exit 9' TERM; echo ready; while :; do sleep 0.05; done");
  await until(status, ({ text }) => text.includes('ready'));
  expect((await call('stop')).state).toBe('running');
  expect(await ended()).toMatchObject({
    exit: 9,
    why: 'stopped',
    text: expect.stringMatching(/^ready\n(Terminated\n)?tidied\n$/),
  });
});

it('what a migration has left in the background ends with it', async () => {
  await start('sleep 61 & echo $!');
  const { text, exit } = await ended();
  expect(exit).toBe(0);
  await until(
    async () =>
      !(await exec('ps', ['-o', 'args=', '-p', text.trim()]).catch(() => ({ stdout: '' }))).stdout.includes('sleep 61'),
  );
});

it('the end is unknown when the supervisor is killed, and the command ends with it', async () => {
  await start('echo $$; sleep 62');
  const { text } = await until(status, (seen) => seen.text !== '');
  const { pid } = JSON.parse(await readFile(path.join(dir, 'state/run-1/supervisor'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  expect(await ended()).toMatchObject({ state: 'lost', reason: 'its supervisor on the host was killed' });
  await until(
    async () => (await exec('ps', ['-o', 'args=', '-p', text.trim()]).catch(() => ({ stdout: '' }))).stdout === '',
  );
});

it('the end is unknown after a reboot, and the command is not started again', async () => {
  await start('true');
  await ended();
  await rm(path.join(dir, 'state'), { recursive: true });
  expect(await status()).toMatchObject({ state: 'lost', reason: 'the host was rebooted' });
  expect(await start('true')).toMatchObject({ state: 'lost', reason: 'the host was rebooted' });
});

it('a program that is not there is named', async () => {
  await call('start', JSON.stringify({ command: ['no-such-program'], timeout: 5, facts: {} }));
  expect(await ended()).toMatchObject({ state: 'ended', error: 'no-such-program: No such file or directory' });
});

it('hundreds of megabytes of output take less than a megabyte of the memory of the host, and the end is kept', async () => {
  await start('yes 0123456789 | head -c 200000000; echo; echo the end');
  const end = await ended();
  expect(end).toMatchObject({ exit: 0, more: true });
  expect(end.skipped).toBeGreaterThan(190_000_000);
  const state = path.join(dir, 'state', 'run-1');
  const sizes = await Promise.all(
    (await readdir(state)).map(async (name) => (await stat(path.join(state, name))).size),
  );
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(1_000_000);
  const { text } = await call('tail');
  expect(text.length).toBe(256 * 1024);
  expect(text.endsWith('\nthe end\n')).toBe(true);
});

it('output is read in whole lines from where the last reading ended, whatever bytes are in it', async () => {
  await start("printf 'one\\ntw'; sleep 0.5; printf 'o\\n\\377\\000x\\n'");
  const first = await until(status, ({ text }) => text !== '');
  expect(first.text).toBe('one\n');
  await ended();
  expect((await status(first.offset)).text).toBe('two\n\ufffd\u0000x\n');
});

it('forget removes what is kept, but not of one that runs', async () => {
  await start('sleep 0.5');
  await call('forget');
  expect(await ended()).toMatchObject({ state: 'ended', exit: 0 });
  await call('forget');
  expect(await status()).toMatchObject({ state: 'none' });
  expect(await readdir(folder)).toEqual(['.release-migrate.json']);
});

it('a folder in which another run has begun a migration is refused', async () => {
  await appendFile(path.join(folder, '.release-migration'), 'run-0');
  expect(await start('true')).toMatchObject({ state: 'lost', reason: expect.stringContaining('run-0') });
});
