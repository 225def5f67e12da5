import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEventFile } from '../../../src/cli/views/ndjson.ts';
import { goodRun } from '../support/recorded.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'events-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('each event is one line that reads back equal, on disk before the view is closed', async () => {
  const path = join(folder, 'events.ndjson');
  const view = openEventFile(path);
  for (const event of goodRun) view.on(event);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(goodRun);
  await view.close();
  await view.close();
});

test('the events file is readable by its owner only, also when it existed before, and starts empty', async () => {
  const path = join(folder, 'events.ndjson');
  writeFileSync(path, 'old\n', { mode: 0o644 });
  await openEventFile(path).close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe('');
});

test.each(['missing/events.ndjson', '.'])(
  'an events path that cannot be written (%s) is a usage error that names it',
  (name) => {
    const path = join(folder, name);
    expect(() => openEventFile(path)).toThrow(
      expect.objectContaining({
        code: 'events.not-writable',
        outcome: 'usage',
        message: expect.stringContaining(JSON.stringify(path)),
      }),
    );
  },
);
