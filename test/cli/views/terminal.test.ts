import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { terminalView } from '../../../src/cli/views/terminal.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';
import { badRun, goodRun } from '../support/recorded.ts';

/** A terminal that keeps what is drawn on it; the last drawing of the list is what stays on the screen. */
function screen() {
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 100,
    rows: 40,
  }) as unknown as NodeJS.WriteStream;
  let text = '';
  const write = stream.write.bind(stream);
  stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
    text += String(chunk);
    return write(chunk, ...rest);
  }) as typeof stream.write;
  const lines = () =>
    stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.trim());
  return { stream, lines };
}

async function draw(events: typeof goodRun): Promise<string[]> {
  const { stream, lines } = screen();
  const view = terminalView(stream, colorsFor(false));
  for (const event of events) view.on(event);
  await view.close();
  return lines();
}

test('the list ends with every step, its seconds and its notes', async () => {
  const lines = await draw(goodRun);
  expect(lines.some((line) => line.endsWith('Build the release on the bake instance 4.5s'))).toBe(true);
  expect(lines.some((line) => line.endsWith('bake instance i-1'))).toBe(true);
  expect(lines.some((line) => line.endsWith('Roll instances onto the new image 1m 5s'))).toBe(true);
});

test('a failure is shown under its step and each undo on a line of its own', async () => {
  const text = (await draw(badRun)).join('\n');
  expect(text).toContain('the refresh failed');
  expect(text).toContain('undo: Roll instances onto the new image 1s');
  expect(text).toContain('i-1 does not answer');
});

test('the view of a run that stops in the middle of a step can be closed', async () => {
  const text = (await draw(goodRun.slice(0, 4))).join('\n');
  expect(text).toContain('Build the release on the bake instance');
});
