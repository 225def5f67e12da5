import { describe, expect, it } from 'vitest';
import { defineTask } from '../../src/tasks/define.ts';
import { duration, flag, optional, text, whole } from '../../src/tasks/inputs.ts';
import { readInputs, usageOf } from '../../src/tasks/read-inputs.ts';

const task = defineTask({
  summary: 'stop something',
  arguments: {
    queue: text('which queue', { choices: ['tickets', 'mails'] }),
    tries: optional(whole('how often', 1, 9)),
  },
  options: { for: optional(duration('how long', 3_600_000)), 'and-then': text('what next'), hard: flag('at once') },
  describe: ({ queue, tries, hard }) => [`${queue.toUpperCase()} ${tries ?? 1} ${hard}`],
  run: async () => undefined,
});
const usage = usageOf('heracles', 'stop', task);
const read = (positional: string[], options: Record<string, unknown> = { 'and-then': 'rest' }) =>
  readInputs(task, { positional, options }, usage);

describe('the inputs of a task', () => {
  it('are shown on one line', () => {
    expect(usage).toBe('pipeline heracles stop <queue> [tries] [--for <time>] --and-then <text> [--hard]');
  });

  it('are read with their types', () => {
    expect(read(['tickets', '3'], { for: '30m', 'and-then': 'rest', hard: true })).toEqual({
      queue: 'tickets',
      tries: 3,
      for: 1_800_000,
      'and-then': 'rest',
      hard: true,
    });
    expect(read(['mails'])).toEqual({ queue: 'mails', 'and-then': 'rest' });
  });

  it.each([
    [[], undefined, 'queue is missing'],
    [['ticket'], undefined, 'queue: "ticket" does not fit'],
    [['tickets', '10'], undefined, 'tries: "10" does not fit'],
    [['tickets', '1', 'x'], undefined, '"x" is one argument too many'],
    [['tickets'], {}, '--and-then is missing'],
    [['tickets'], { 'and-then': 'a\nb' }, '--and-then'],
    [['tickets'], { 'and-then': 'x', for: '30' }, '--for: "30" does not fit'],
    [['tickets'], { 'and-then': 'x', for: '2h' }, '--for: "2h" does not fit'],
    [['tickets'], { 'and-then': 'x', for: '0s' }, '--for: "0s" does not fit'],
    [['tickets'], { 'and-then': 'x', for: '1e3s' }, '--for: "1e3s" does not fit'],
  ])('are refused with the wrong value: %j %j', (positional, options, message) => {
    expect(() => read(positional, options ?? { 'and-then': 'x' })).toThrow(message);
  });
});

it('a time has a maximum duration', () => {
  expect(() => duration('how long', 90 * 60_000).read('2h', '--for')).toThrow(
    expect.objectContaining({ fix: 'give a time such as 90s, 30m, 2h or 1d, up to 90m' }),
  );
  expect(() => duration('how long').read('31d', '--for')).toThrow(
    expect.objectContaining({ fix: expect.stringContaining('up to 30d') }),
  );
});

it('a pattern checks each text from its beginning, whatever its flags', () => {
  const input = text('which', { pattern: /^[a-z]+$/g });
  expect([input.read('one', 'name'), input.read('two', 'name')]).toEqual(['one', 'two']);
});
