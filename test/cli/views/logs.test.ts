import { expect, it } from 'vitest';
import { execSummary } from '../../../src/cli/views/exec.ts';
import { jsonView, shortIds, textView } from '../../../src/cli/views/logs.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';

const at = new Date(2027, 2, 1, 9, 30, 12, 8).getTime();
const entry = { at, instanceId: 'i-0a1b2c3d', version: 'v42', text: 'hello' };

it('a log line has the beginning of the id that tells its instance apart, the version and the time', () => {
  const view = textView(colorsFor(false), () => at);
  view.hosts(['i-0a1b2c3d', 'i-0a1b2c4d']);
  expect(view.line(entry)).toBe('i-0a1b2c3 v42 09:30:12.008  hello\n');
  expect(shortIds(['i-0a1b2c3d', 'i-ffffffff'])).toEqual(
    new Map([
      ['i-0a1b2c3d', 'i-0a1b2c'],
      ['i-ffffffff', 'i-ffffff'],
    ]),
  );
});

it('a log line of another day has its date, and one without a time a dash', () => {
  const view = textView(colorsFor(false), () => at + 86_400_000);
  view.hosts(['i-0a1b2c3d']);
  expect(view.line(entry)).toContain(' 2027-03-01 09:30:12.008  hello');
  expect(view.line({ ...entry, at: null })).toBe('i-0a1b2c v42 -             hello\n');
});

it('a log line cannot move the cursor, clear the screen or begin a new line', () => {
  const view = textView(colorsFor(false), () => at);
  view.hosts(['i-0a1b2c3d']);
  const line = view.line({ ...entry, text: '\u001b[2J\u001b]0;title\u0007red\rmove\nnext\u0008' });
  expect(line.trimEnd()).not.toMatch(/\p{Cc}/u);
  expect(line.match(/\n/g)).toHaveLength(1);
});

it('instances have colors of their own where colors are wanted', () => {
  const view = textView(colorsFor(true), () => at);
  view.hosts(['i-0a1b2c3d', 'i-ffffffff']);
  const color = (line: string) => line.slice(0, line.indexOf('i-'));
  expect(color(view.line(entry))).not.toBe(color(view.line({ ...entry, instanceId: 'i-ffffffff' })));
});

it('a log line as JSON has its time, instance, version and message, and its length when it was cut', () => {
  const line = jsonView().line({ ...entry, text: 'a\u001b"', cut: 9000 });
  expect(JSON.parse(line)).toEqual({
    at: new Date(at).toISOString(),
    instance: 'i-0a1b2c3d',
    version: 'v42',
    message: 'a\u001b"',
    bytes: 9000,
  });
  expect(JSON.parse(jsonView().line({ at: null, instanceId: 'i-1', text: '' }))).toMatchObject({
    at: null,
    version: null,
  });
});

it('the summary of a command names the instances where it failed, or was not reached', () => {
  expect(
    execSummary([
      { id: 'i-1', exitCode: 0 },
      { id: 'i-2', exitCode: 3 },
      { id: 'i-3', error: 'no SSH' },
    ]),
  ).toBe('exit 0 on 1 of 3 instances\n  i-2: exit 3\n  i-3: no SSH\n');
});
