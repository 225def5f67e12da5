import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { describe, expect, it } from 'vitest';
import { createFileStore } from '../../src/ledger/file-store.ts';
import { child, folder } from './support/bench.ts';

const store = (dir: string) => createFileStore(dir, new ManualClock());

describe('the store in files', () => {
  it('writes on condition', async () => {
    const s = store(await folder());
    expect(await s.get('a/b')).toBeUndefined();
    const first = await s.put('a/b', 'one', 'if-absent');
    expect(first.written).toBe(true);
    expect(await s.put('a/b', 'two', 'if-absent')).toEqual({ written: false });
    const read = await s.get('a/b');
    expect(read).toEqual({ text: 'one', etag: first.written && first.etag });
    expect((await s.put('a/b', 'two', { ifMatch: read?.etag ?? '' })).written).toBe(true);
    expect(await s.put('a/b', 'three', { ifMatch: read?.etag ?? '' })).toEqual({ written: false });
    expect(await s.put('a/none', 'x', { ifMatch: 'y' })).toEqual({ written: false });
    await s.put('a/b', 'four', 'always');
    expect((await s.get('a/b'))?.text).toBe('four');
    await s.delete('a/b');
    await s.delete('none/at/all');
    expect(await s.get('a/b')).toBeUndefined();
  });

  it('lists by prefix, sorted, and leaves nothing else behind', async () => {
    const dir = await folder();
    const s = store(dir);
    for (const key of ['runs/2.api', 'runs/1.api', 'runs/10.api', 'locks/api']) await s.put(key, 'x', 'always');
    expect(await s.list('runs/')).toEqual(['runs/1.api', 'runs/10.api', 'runs/2.api']);
    expect(await s.list('runs/1.')).toEqual(['runs/1.api']);
    expect(await s.list('none/')).toEqual([]);
    expect((await readdir(dir, { recursive: true })).filter((name) => name.includes('/.'))).toEqual([]);
  });

  it('is readable by its owner only: 0600 in 0700', async () => {
    const dir = await folder();
    await store(dir).put('locks/api', 'x', 'always');
    expect((await stat(join(dir, 'locks'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, 'locks/api.json'))).mode & 0o777).toBe(0o600);
  });

  it.each(['../x', 'a/../b', '', 'a//b', '.hidden', 'a/.b', '/etc/passwd', 'a\nb'])(
    'refuses the key %j',
    async (key) => {
      const s = store(await folder());
      await expect(s.get(key).then(() => 'read')).rejects.toThrow('not a key');
      await expect(s.put(key, 'x', 'always')).rejects.toThrow('not a key');
    },
  );

  it('serializes writes within a process without waiting', async () => {
    const s = store(await folder());
    await s.put('n', '0', 'always');
    const add = async (): Promise<void> => {
      const read = await s.get('n');
      const put = await s.put('n', String(Number(read?.text) + 1), { ifMatch: read?.etag ?? '' });
      if (!put.written) await add();
    };
    await Promise.all(Array.from({ length: 10 }, add));
    expect((await s.get('n'))?.text).toBe('10');
  });

  it('loses no change between processes', async () => {
    const dir = await folder();
    const s = createFileStore(dir, systemClock());
    await s.put('counter', '0', 'always');
    await Promise.all([child('count', dir, '40').all(), child('count', dir, '40').all()]);
    expect((await s.get('counter'))?.text).toBe('80');
    expect(await readdir(dir)).toEqual(['counter.json']);
  });

  it('continues after a process that crashed while it held the mutex', async () => {
    const dir = await folder();
    const s = createFileStore(dir, systemClock());
    await s.put('n', '0', 'always');
    const dead = child('lock', join(dir, 'other'));
    await dead.firstLine;
    const lock = JSON.parse(
      (await createFileStore(join(dir, 'other/local'), systemClock()).get('locks/api'))?.text ?? '',
    );
    await dead.end();
    await writeFile(join(dir, '.n.json.mutex'), JSON.stringify({ ...lock.process, nonce: 'dead' }));
    expect((await s.put('n', '1', 'always')).written).toBe(true);
    expect((await readdir(dir)).sort()).toEqual(['n.json', 'other']);
  });

  it('names the file to check when another host holds the mutex for too long', async () => {
    const dir = await folder();
    const clock = new ManualClock();
    await writeFile(join(dir, '.n.json.mutex'), JSON.stringify({ pid: 1, space: 'another computer', nonce: 'x' }));
    const put = createFileStore(dir, clock).put('n', '1', 'always');
    let settled = false;
    const check = expect(put).rejects.toMatchObject({
      code: 'ledger.busy',
      message: expect.stringContaining('.n.json.mutex'),
    });
    void put
      .catch(() => undefined)
      .then(() => {
        settled = true;
      });
    await until(() => settled, Boolean, { pause: () => clock.advance(500) });
    await check;
  });

  it('explains a folder that cannot be used', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'file'), '');
    await expect(store(join(dir, 'file/ledger')).put('a', 'x', 'always')).rejects.toMatchObject({
      code: 'ledger.unusable',
      message: expect.stringContaining('a part of the path is a file'),
      fix: expect.stringContaining('ledger.path'),
    });
    if (process.getuid?.() === 0) return;
    await mkdir(join(dir, 'closed'));
    await chmod(join(dir, 'closed'), 0o500);
    await expect(store(join(dir, 'closed')).put('a', 'x', 'always')).rejects.toMatchObject({ code: 'ledger.unusable' });
  });
});
