import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenWorld } from './support/golden.ts';
import type { World } from './support/world.ts';

let world: World;
let ids: string[];

beforeAll(async () => {
  world = await goldenWorld();
  ({ ids } = await world
    .json<{ instances: { id: string }[] }>('status', 'api')
    .then(({ instances }) => ({ ids: instances.map(({ id }) => id).sort() })));
});
afterAll(() => world?.close());

interface LogLine {
  at: string | null;
  instance: string;
  version: string;
  message: string;
}

const logLines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogLine);

describe('the logs of a fleet', () => {
  it('are those of all instances, with the time, the version and the line as the app has written it', async () => {
    const { stdout } = await world.done('logs', 'api', '--json');
    const lines = logLines(stdout);
    expect([...new Set(lines.map((line) => line.instance))].sort()).toEqual(ids);
    const serving = lines.find((line) => line.message.includes('"serving"'));
    expect(serving).toMatchObject({ version: 'v1', at: expect.stringMatching(/^20\d\d-/) });
    expect(JSON.parse(serving?.message ?? '')).toBeTypeOf('object');
    const text = await world.done('logs', 'api', '--grep', '"serving"', '--version', 'v1');
    expect(text.stdout).toMatch(/^i-\w+ +v1 \d\d:\d\d:\d\d\.\d{3} {2}\{.*"serving"/m);
  });

  it('are not read with a wrong expression, instance or version', async () => {
    for (const [option, value] of [
      ['--grep', '('],
      ['--instance', 'i-none'],
      ['--version', 'latest'],
      ['--since', 'yesterday'],
    ] as const) {
      const { exitCode, stderr } = await world.pipeline('logs', 'api', option, value);
      expect(exitCode, stderr).toBe(2);
    }
  });

  it('are followed on all instances until Ctrl-C', async () => {
    const following = world.start('logs', 'api', '--follow', '--grep', 'by hand', '--json');
    const seen: string[] = [];
    following.stdout?.on('data', (chunk: Buffer) => seen.push(...logLines(String(chunk)).map((line) => line.instance)));
    const write = 'echo by hand >>"$(dirname "$(dirname "$PWD")")/shared/log/current"';
    await world.done('exec', 'api', '--all', '--', 'sh', '-c', write);
    await expect.poll(() => [...new Set(seen)].sort(), { timeout: 30_000 }).toEqual(ids);
    following.kill('SIGINT');
    expect((await following).exitCode).toBe(130);
  });
});

describe('a command on instances', () => {
  it('runs in the folder of the release with the environment of the service, and gives its exit code', async () => {
    const { exitCode, stdout, stderr } = await world.pipeline(
      'exec',
      'api',
      '--',
      'sh',
      '-c',
      'pwd; echo $NODE_ENV; exit 7',
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: '/srv/api/releases/v1\nproduction' });
    expect(stderr).toMatch(/^on i-\w+ \(v1\); recorded as /);
  });

  it('runs on all, with a summary, and is shown by history', async () => {
    const first = ids[0] as string;
    const own = `test "$(cat /var/lib/cloud/instance-id)" != ${first} && echo fine`;
    const { exitCode, stdout, stderr } = await world.pipeline('exec', 'api', '--all', '--', 'sh', '-c', own);
    expect(exitCode).toBe(1);
    expect(stdout.match(/^i-\w+ fine$/gm)).toHaveLength(3);
    expect(stderr).toContain(`exit 0 on 3 of 4 instances\n  ${first}: exit 1`);
    const [id = ''] = /\d{8}T\d{6}-\w{4}/.exec(stderr) ?? [];
    expect((await world.done('history', 'api')).stdout).toMatch(new RegExp(`${id} .* exec .* failed .* tester@`));
    const details = (await world.done('history', 'api', id)).stdout;
    expect(details).toContain('pipeline exec api --all -- sh -c');
    expect(await world.json('status', 'api')).toMatchObject({ version: 'v1', run: { operation: 'release' } });
  });

  it('needs a terminal for -i and for a login', async () => {
    expect((await world.pipeline('exec', 'api', '-i', '--', 'sh')).exitCode).toBe(2);
    expect((await world.pipeline('ssh', 'api')).exitCode).toBe(2);
  });
});

describe('a login', () => {
  it('is a shell in the folder of the release, and is recorded with its start and its end', async () => {
    const terminal = world.onTerminal('ssh', 'api');
    await terminal.shows('recorded as');
    terminal.type('echo here $((40 + 2)) $PWD; exit 5\n');
    const { exitCode, shown } = await terminal.ended;
    expect(shown).toContain('here 42 /srv/api/current');
    expect(exitCode).toBe(5);
    const [access] = await world.json<Record<string, unknown>[]>('history', 'api', '--limit', '1');
    expect(access).toMatchObject({
      ...{ operation: 'ssh', outcome: 'done', by: expect.stringMatching(/^tester@/), command: 'pipeline ssh api' },
      ...{ startedAt: expect.any(String), finishedAt: expect.any(String) },
    });
  });

  it('can be a program of the service with a terminal', async () => {
    const terminal = world.onTerminal(
      'exec',
      'api',
      '-i',
      '--',
      'sh',
      '-c',
      'test -t 0 && echo a terminal in $PWD; read word; exit 3',
    );
    await terminal.shows('a terminal in /srv/api/releases/v1');
    terminal.type('go\n');
    expect((await terminal.ended).exitCode).toBe(3);
  });
});
