import { mkdir, mkdtemp, open, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Line, readAll, readLog, withSystemd } from './support/service-log.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-log-end-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const log = (name = 'current') => join(folder, name);
/** As it is read where a step has failed. */
const end = { lines: 500, bytes: 262_144 };
const read = (query: object = {}) => readLog({ folders: [folder], ...end, ...query });
const texts = (lines: Line[]) => lines.flatMap(({ m }) => (m === undefined ? [] : [m]));

describe('the end of a log that is bounded by bytes', () => {
  it('is the last lines without secrets, and says that there are more', async () => {
    await writeFile(log('values.json'), JSON.stringify({ STRIPE_KEY: 'sk_live_123456', KEY: 'begin-1\nmiddle-2' }));
    await writeFile(log(), 'one\ntwo middle-2\nkey sk_live_123456 refused\nhalf a li');
    expect(await read({ lines: 3 })).toEqual([
      { t: null, m: 'two [redacted]' },
      { t: null, m: 'key [redacted] refused' },
      { t: null, m: 'half a li' },
      { more: true },
    ]);
    expect((await read()).at(-1)).toEqual({ t: null, m: 'half a li' });
  });

  it('has no part of a line that was begun before, of a log of gigabytes', async () => {
    const file = await open(log(), 'w');
    await file.write('\nlast but one\nlast\n', 2 ** 31);
    await file.close();
    expect(await read({ bytes: 1000 })).toEqual([
      { t: null, m: 'last but one' },
      { t: null, m: 'last' },
      { more: true },
    ]);
    expect(await read({ bytes: 3 })).toEqual([{ note: 'the last line of its log has more than 3 bytes' }]);
  });

  it('continues into rotated files, within the bytes of all of them', async () => {
    await writeFile(log('@400000006a0000000000000a.s'), 'oldest\n');
    await writeFile(log('@400000006a0000000000000b.s'), 'older\nbefore\n');
    await writeFile(log(), 'now\n');
    expect(await read()).toHaveLength(4);
    expect(await read({ bytes: 12 })).toEqual([{ t: null, m: 'before' }, { t: null, m: 'now' }, { more: true }]);
  });

  it('does not end with the beginning of a secret where a long line is cut', async () => {
    await writeFile(log('values.json'), JSON.stringify({ KEY: 'sk_live_123456789' }));
    await writeFile(log(), `${'x'.repeat(8180)}sk_live_123456789 is wrong\n`);
    const [line] = await read();
    expect(line?.m).toMatch(/^x{8180}\[redact/);
    expect(line?.m).toHaveLength(8192);
    expect(line?.cut).toBe(8206);
  });
});

describe('the log of a service that is looked for', () => {
  it('is in the first folder that has one, and names itself', async () => {
    const second = join(folder, 'second');
    await mkdir(second);
    await writeFile(join(second, 'current'), 'found\n');
    const folders = [join(folder, 'absent'), second];
    expect(await readAll({ folders })).toEqual([{ from: join(second, 'current') }, { t: null, m: 'found' }]);
    expect(await readAll({ folders: [folder, join(folder, 'no')] })).toEqual([
      { note: `it has no log at ${folder}/current or ${folder}/no/current` },
    ]);
  });

  it('is the named file alone, without rotated ones', async () => {
    await writeFile(log('@400000006a0000000000000a.s'), 'of what serves\n');
    await writeFile(log('staging.log'), 'of what is checked\n');
    expect(texts(await read({ file: log('staging.log') }))).toEqual(['of what is checked']);
    expect(await read({ file: log('absent') })).toEqual([{ note: `it has no log at ${folder}/absent` }]);
  });

  it('counts as absent when it was last written before a time', async () => {
    await writeFile(log(), 'of an earlier run\n');
    expect(texts(await read({ within: 60 }))).toEqual(['of an earlier run']);
    await utimes(log(), 1, 1);
    expect(await read({ within: 60 })).toEqual([{ note: 'its log was last written before that' }]);
  });
});

describe('the end of the journal of a unit', () => {
  it('is read although a file is left of a release that logged to one', async () => {
    await writeFile(log(), 'stale\n');
    const env = await withSystemd(folder, 'journal');
    const all = await readAll({ folders: [folder], ...end }, env);
    expect(all[0]).toEqual({ from: 'the journal of no-such-app.service' });
    expect(texts(all)).toEqual(['one', '\\xffA', 'two', 'lines']);
    expect(all.at(-1)).toMatchObject({ m: 'lines' });
  });

  it('is bounded in lines and bytes, of messages of several lines too', async () => {
    const env = await withSystemd(folder, 'journal');
    const few = (query: object) => readLog({ folders: [folder], ...end, ...query }, env);
    expect(texts(await few({ lines: 3 }))).toEqual(['\\xffA', 'two', 'lines']);
    expect((await few({ lines: 3 })).at(-1)).toEqual({ more: true });
    expect(texts(await few({ bytes: 11 }))).toEqual(['two', 'lines']);
  });

  it('counts as absent when its last entry is from before a time', async () => {
    const env = await withSystemd(folder, 'journal', 1_000_000_000);
    const within = (seconds: number) => readLog({ folders: [folder], ...end, within: seconds }, env);
    expect(await within(60)).toEqual([{ note: 'its log was last written before that' }]);
    expect(texts(await within(10_000_000_000))).toHaveLength(4);
  });
});
