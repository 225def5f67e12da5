import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LocalCommand, runLocalCommand } from '../../src/hosts/local-command.ts';

let dir: string;
let lines: string[];

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-command-'));
  lines = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true, force: true });
});

const run = (command: string[], options: Partial<LocalCommand> = {}) =>
  runLocalCommand({
    ...{ command, cwd: dir, environment: {}, timeoutMs: 60_000, clock: systemClock() },
    onLine: (line) => lines.push(line),
    ...options,
  });
const shell = (script: string, options: Partial<LocalCommand> = {}) => run(['sh', '-c', script], options);
const gone = (pid: string | undefined) =>
  until(() => {
    try {
      return !process.kill(Number(pid), 0);
    } catch {
      return true;
    }
  });

it('a command runs without a shell in its folder, with the given variables beside those of the process', async () => {
  await run(['printf', '%s\\n', '$HOME; echo "x"']);
  await shell('pwd; echo "$GIVEN, $(test -n "$PATH" && echo path)"', { environment: { GIVEN: 'given' } });
  expect(lines).toEqual(['$HOME; echo "x"', dir, 'given, path']);
});

it('a command that fails is reported with its exit code and its last lines, of both outputs', async () => {
  const failed = shell('for n in $(seq 30); do echo line $n; done; echo "no such channel" >&2; exit 4');
  await expect(failed).rejects.toMatchObject({
    code: 'command.failed',
    message: expect.stringMatching(/failed: exit 4$/),
  });
  const { details } = await failed.catch((error) => error);
  expect(details).toHaveLength(15);
  expect(details).toContain('no such channel');
});

it('a program that is not there is named', async () => {
  await expect(run(['no-such-program', 'x'])).rejects.toMatchObject({
    code: 'command.not-found',
    message: expect.stringContaining('no-such-program was not found'),
  });
});

it('a command that hangs is killed at its time limit, with all that it has started', async () => {
  const hanging = shell('sleep 63 & echo $!; wait', { timeoutMs: 300 });
  await expect(hanging).rejects.toMatchObject({
    code: 'command.timeout',
    message: expect.stringContaining('did not finish within 0.3 s and was stopped'),
  });
  await gone(lines[0]);
});

it('a command is stopped when the signal is aborted, also when it was before', async () => {
  const stop = new AbortController();
  const stopped = shell('echo $$; sleep 64; true', {
    signal: stop.signal,
    onLine: (line) => {
      lines.push(line);
      stop.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({
    code: 'command.failed',
    message: expect.stringContaining('was stopped'),
  });
  await gone(lines[0]);
  await expect(shell('sleep 65', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'command.failed' });
});

/** As with a process group whose leader is sudo. */
function refuseSignals() {
  const { kill } = process;
  vi.spyOn(process, 'kill').mockImplementation((pid, name) => {
    if (pid > 0) return kill.call(process, pid, name);
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  });
}

it('a command of another user that cannot be stopped is not waited for, and the error says so', async () => {
  refuseSignals();
  const stop = new AbortController();
  const refused = shell('echo $$; exec sleep 67', {
    signal: stop.signal,
    onLine: (line) => {
      lines.push(line);
      stop.abort();
    },
  });
  await expect(refused).rejects.toMatchObject({
    code: 'command.failed',
    message: expect.stringContaining('could not be stopped: it has started something as another user'),
    fix: expect.stringMatching(/^look whether it still runs: ps .* -g \d+$/),
  });
  process.kill(Number(lines[0]), 'SIGKILL');
});

it('a command of another user ends with its time limit, although it cannot be stopped', async () => {
  refuseSignals();
  const hanging = shell('echo $$; exec sleep 68', { timeoutMs: 300 });
  await expect(hanging).rejects.toMatchObject({
    code: 'command.timeout',
    message: expect.stringContaining('did not finish within 0.3 s and could not be stopped'),
  });
  process.kill(Number(lines[0]), 'SIGKILL');
});

it('what a stopped command leaves of another user is named in its error', async () => {
  const { kill } = process;
  vi.spyOn(process, 'kill').mockImplementation((pid, name) => {
    // The leader can be stopped; what is left of the group then belongs to another user.
    if (pid > 0 || name === 'SIGTERM') return kill.call(process, pid, name);
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  });
  const stopped = shell('exec sleep 69', { timeoutMs: 100 });
  await expect(stopped).rejects.toMatchObject({ message: expect.stringContaining('could not be stopped') });
});

it('what a command has left in the background is not waited for', async () => {
  await shell('sleep 66 & echo $!');
  expect(lines).toHaveLength(1);
  process.kill(Number(lines[0]), 'SIGKILL');
});

it('output without line ends and with binary bytes is passed on in pieces', async () => {
  await shell("head -c 40000 /dev/zero; printf '\\377\\n'");
  expect(lines.length).toBeGreaterThanOrEqual(3);
  expect(lines.join('')).toHaveLength(40_001);
});

it('the error of a command keeps the beginnings of its long lines', async () => {
  const failed = shell("head -c 40000 /dev/zero | tr '\\0' x; echo; exit 4");
  const { details } = await failed.catch((error) => error);
  expect(details.every((line: string) => line.length <= 2003)).toBe(true);
  expect(details[0]).toBe(`${'x'.repeat(2000)}...`);
});
