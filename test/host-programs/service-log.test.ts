import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, open, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Line, logWords, readLog, withSystemd } from './support/service-log.ts';

let folder: string;
let running: (() => void)[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-log-'));
  running = [];
});
afterEach(async () => {
  for (const stop of running) stop();
  await rm(folder, { recursive: true, force: true });
});

const log = (name = 'current') => join(folder, name);
const at = (second: number) => Date.UTC(2027, 2, 1, 12, 0, second) / 1000;
const stamped = (second: number, text: string) => `2027-03-01_12:00:${String(second).padStart(2, '0')}.25000 ${text}\n`;

/** Reads to the end. */
const read = (query: object = {}, env = process.env) => readLog({ folders: [folder], ...query }, env);
const words = (query: object) => logWords({ folders: [folder], ...query });

/** Follows; each call of the result waits for the next line. */
function follow(query: object = {}) {
  const child = spawn('python3', words({ ...query, follow: true }));
  running.push(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function next(): Promise<Line> {
    const line = JSON.parse((await lines.next()).value as string) as Line;
    return line.from === undefined ? line : next();
  }
  return { child, next };
}

const texts = (lines: Line[]) => lines.map((line) => line.m);

describe('the log of a service in files', () => {
  it('has the times of svlogd taken off the lines, and lines without one belong to the line before', async () => {
    await writeFile(log(), `${stamped(1, '{"level":30,"msg":"hi"}')}  at stack (x.js)\n${stamped(2, 'two')}`);
    expect(await read()).toEqual([
      { t: at(1) + 0.25, s: true, m: '{"level":30,"msg":"hi"}' },
      { t: at(1) + 0.25, m: '  at stack (x.js)' },
      { t: at(2) + 0.25, s: true, m: 'two' },
    ]);
  });

  it.each([
    ['2027-03-01T13:00:05.5+01:00 hello', 5.5],
    ['[2027-03-01 12:00:05,250 +0000] GET /', 5.25],
    ['{"time":1803902405123,"msg":"pino"}', 5.123],
    ['{"msg":"x","@timestamp":"2027-03-01T12:00:05Z"}', 5],
  ])('has the times of the app where svlogd writes none: %s', async (line, second) => {
    await writeFile(log(), `${line}\n`);
    const [only] = await read();
    expect(only?.m).toBe(line);
    expect(only?.t).toBeCloseTo(at(0) + second, 3);
  });

  it('gives the last lines across rotated files, oldest first', async () => {
    await writeFile(log('@400000006a0000000000000a.s'), stamped(1, 'one') + stamped(2, 'two'));
    await writeFile(log('@400000006a0000000000000b.u'), stamped(3, 'three'));
    await writeFile(log(), stamped(4, 'four'));
    expect(texts(await read({ lines: 3 }))).toEqual(['two', 'three', 'four']);
    expect(texts(await read({ since: at(2) }))).toEqual(['two', 'three', 'four']);
    expect(texts(await read({ since: at(4) }))).toEqual(['four']);
  });

  it('shows the last 1000 lines of a log without times, with a note, when lines since a time are wanted', async () => {
    await writeFile(log(), Array.from({ length: 1500 }, (_, index) => `line ${index}\n`).join(''));
    const [note, ...lines] = await read({ since: at(0) });
    expect(note?.note).toContain('have no times');
    expect(lines).toHaveLength(1000);
    expect(lines[0]).toEqual({ t: null, m: 'line 500' });
  });

  it('finds the last minute of two gigabytes without reading them', async () => {
    const file = await open(log(), 'w');
    await file.write(stamped(1, 'the first'), 0);
    // A hole: 2 GiB that take no room on the disk.
    await file.write(`\n${stamped(1, 'old')}`.repeat(2000) + stamped(50, 'new'), 2 ** 31);
    await file.close();
    expect(texts(await read({ since: at(40) }))).toEqual(['new']);
    expect(texts(await read({ lines: 1 }))).toEqual(['new']);
  });

  it('shows bytes that are no text as escapes, and cuts a very long line with its length', async () => {
    await writeFile(
      log(),
      Buffer.concat([Buffer.from([0xff, 0x00, 0x41, 0x0a]), Buffer.alloc(100_000, 'x'), Buffer.from('\nend')]),
    );
    const [binary, long, end] = await read();
    expect(binary?.m).toBe('\\xff\u0000A');
    expect(long?.m).toHaveLength(8192);
    expect(long?.cut).toBe(100_000);
    expect(end?.m).toBe('end');
  });

  it('does not show values of secrets of the service', async () => {
    await writeFile(join(folder, 'values.json'), JSON.stringify({ 'ssm:/api/key': 'hunter2-key' }));
    await writeFile(log(), stamped(1, 'using hunter2-key'));
    expect(texts(await read())).toEqual(['using [redacted]']);
  });

  it('shows no part of a secret at the place where a line is cut', async () => {
    await writeFile(join(folder, 'values.json'), JSON.stringify({ key: 'hunter2-key', long: 'k'.repeat(300) }));
    const line = (before: number, value: string) => `${'x'.repeat(before)}${value}${'y'.repeat(500)}\n`;
    await writeFile(log(), line(8188, 'hunter2-key') + line(8250, 'hunter2-key') + line(8100, 'k'.repeat(300)));
    for (const { m, cut } of await read()) {
      expect(m).toMatch(/^x{8100,8192}(\[red)?/);
      expect(m).not.toMatch(/h|k/);
      expect(cut).toBeGreaterThan(8192);
    }
  });

  it('does not tell by an expression whether a secret has a part', async () => {
    await writeFile(join(folder, 'values.json'), JSON.stringify({ key: 'hunter2-key' }));
    await writeFile(log(), stamped(1, 'using hunter2-key'));
    expect(await read({ grep: 'hunter' })).toEqual([]);
    expect(texts(await read({ grep: 'using' }))).toEqual(['using [redacted]']);
  });

  it('shows lines that match an expression, and says what is wrong with one that cannot be used', async () => {
    await writeFile(log(), stamped(1, 'GET /') + stamped(2, 'Timeout of db') + stamped(3, `${'a'.repeat(40)}!`));
    expect(texts(await read({ grep: '(?i)timeout|refused' }))).toEqual(['Timeout of db']);
    expect((await read({ grep: '(' }))[0]?.wrong).toContain('not a regular expression');
    expect((await read({ grep: '(a+)+$' }))[0]?.wrong).toContain('takes more than 1 s');
  });

  it('is noted when there is none', async () => {
    expect(await read()).toEqual([{ note: expect.stringContaining('it has no log at') }]);
  });
});

describe('a log that is followed', () => {
  it('goes on with appended lines through rotation by renaming and by truncation', async () => {
    await writeFile(log(), stamped(1, 'one'));
    const { next, child } = follow({ lines: 10 });
    expect((await next()).m).toBe('one');
    expect(await next()).toEqual({ live: true });
    await appendFile(log(), stamped(2, 'two') + stamped(3, 'half').slice(0, -3));
    expect((await next()).m).toBe('two');
    await appendFile(log(), 'lf\n');
    expect((await next()).m).toBe('half');
    await rename(log(), log('@400000006a0000000000000a.s'));
    await writeFile(log(), stamped(4, 'in the new file'));
    expect((await next()).m).toBe('in the new file');
    await truncate(log(), 0);
    await appendFile(log(), stamped(5, 'short'));
    expect((await next()).m).toBe('short');
    child.stdin.end();
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  it('does not show values of secrets that are refreshed meanwhile, nor those before', async () => {
    const values = join(folder, 'values.json');
    await writeFile(values, JSON.stringify({ key: 'first-value' }));
    await writeFile(log(), stamped(1, 'has first-value'));
    const { next } = follow({ lines: 10 });
    expect((await next()).m).toBe('has [redacted]');
    expect(await next()).toEqual({ live: true });
    await writeFile(`${values}.new`, JSON.stringify({ key: 'second-value' }));
    await rename(`${values}.new`, values);
    await appendFile(log(), stamped(2, 'has second-value and first-value'));
    expect((await next()).m).toBe('has [redacted] and [redacted]');
  });

  it('begins when the service writes its first line', async () => {
    const { next } = follow();
    expect((await next()).note).toContain('it has no log');
    expect(await next()).toEqual({ live: true });
    await writeFile(log(), stamped(1, 'first'));
    expect((await next()).m).toBe('first');
  });
});

describe('the log of a unit of systemd', () => {
  it('is read from the journal, with its times', async () => {
    const env = await withSystemd(folder, 'journal');
    expect(await read({ since: at(0), grep: '.' }, env)).toEqual([
      { t: at(1), s: true, m: 'one' },
      { t: at(2), s: true, m: '\\xffA' },
      { t: at(3), s: true, m: 'two' },
      { t: at(3), s: true, m: 'lines' },
    ]);
    const calls = execFileSync('cat', [join(folder, 'calls')], { encoding: 'utf8' });
    expect(calls).toContain('--unit=no-such-app.service');
    expect(calls).toContain('--since=@1803902400.000000');
  });

  it('is followed from the entry that was shown last', async () => {
    const env = await withSystemd(folder, 'journal');
    const child = spawn('python3', words({ follow: true, lines: 5 }), { env });
    running.push(() => child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const seen: Line[] = [];
    while (seen.at(-1)?.m !== 'later') seen.push(JSON.parse((await lines.next()).value as string) as Line);
    expect(seen.map((line) => line.m ?? line.live ?? line.from)).toEqual([
      'the journal of no-such-app.service',
      'one',
      '\\xffA',
      'two',
      'lines',
      true,
      'later',
    ]);
    const calls = execFileSync('cat', [join(folder, 'calls')], { encoding: 'utf8' });
    expect(calls).toContain('--after-cursor=c2');
    child.stdin.end();
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('is read from the file where the unit appends to it, as units of earlier releases do', async () => {
    const env = await withSystemd(folder, 'append');
    await writeFile(log(), stamped(1, 'in the file'));
    expect(texts(await read({}, env))).toEqual(['in the file']);
  });
});
