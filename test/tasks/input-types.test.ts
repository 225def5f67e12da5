import { describe, expect, it } from 'vitest';
import { defineTask } from '../../src/tasks/define.ts';
import { duration, flag, type Input, optional, text, whole } from '../../src/tasks/inputs.ts';

const day = 86_400_000;

/** Each kind of input, with each of its options and without: what it reads, what it refuses, and what it then asks for. */
const kinds: [name: string, input: Input<unknown>, reads: [string, unknown][], refuses: string[], expected: string][] =
  [
    [
      'text',
      text('a'),
      [
        ['x', 'x'],
        ['two words', 'two words'],
        ['a'.repeat(1000), 'a'.repeat(1000)],
      ],
      ['', 'a\nb', 'a\u2028b', '\u0000', 'a'.repeat(1001)],
      'text of one line',
    ],
    ['text with a placeholder', text('a', { placeholder: 'cidr' }), [['x', 'x']], [''], 'text of one line'],
    [
      'text with choices',
      text('a', { choices: ['on', 'off'] }),
      [
        ['on', 'on'],
        ['off', 'off'],
      ],
      ['', 'On', 'o'],
      'one of on, off',
    ],
    [
      'text with a pattern',
      text('a', { pattern: /^[a-z]+$/ }),
      [['abc', 'abc']],
      ['', 'ABC', 'a1'],
      'text like ^[a-z]+$',
    ],
    [
      'text with a pattern and choices',
      text('a', { pattern: /^o/, choices: ['on', 'up'] }),
      [['on', 'on']],
      ['up', 'or'],
      'one of on, up',
    ],
    [
      'whole',
      whole('a'),
      [
        ['0', 0],
        ['-0', 0],
        ['-7', -7],
        ['007', 7],
        ['999999999999999', 999_999_999_999_999],
      ],
      ['', '1.5', '1e3', '0x1', ' 1', '+1', 'one', '1234567890123456'],
      'a whole number',
    ],
    [
      'whole with a minimum',
      whole('a', 3),
      [
        ['3', 3],
        ['400', 400],
      ],
      ['2', '-3', ''],
      'a whole number, 3 or more',
    ],
    [
      'whole with a maximum',
      whole('a', undefined, 3),
      [
        ['3', 3],
        ['-400', -400],
      ],
      ['4', ''],
      'a whole number, 3 or less',
    ],
    [
      'whole with both limits',
      whole('a', -1, 1),
      [
        ['-1', -1],
        ['0', 0],
        ['1', 1],
      ],
      ['-2', '2'],
      'a whole number from -1 to 1',
    ],
    ['whole with one number that fits', whole('a', 5, 5), [['5', 5]], ['4', '6'], 'a whole number from 5 to 5'],
    [
      'duration',
      duration('a'),
      [
        ['1s', 1000],
        ['90s', 90_000],
        ['2h', 7_200_000],
        ['30d', 30 * day],
      ],
      ['', '30', '0s', '01s', '1.5h', '31d', '1w', '-1s', '1e3s'],
      'a time such as 90s, 30m, 2h or 1d, up to 30d',
    ],
    [
      'duration with a maximum',
      duration('a', 90_000),
      [
        ['90s', 90_000],
        ['1m', 60_000],
      ],
      ['2m', '91s'],
      'a time such as 90s, 30m, 2h or 1d, up to 90s',
    ],
  ];

describe.each(kinds)('the input type %s', (_, input, reads, refuses, expected) => {
  it.each(reads)('reads %j as %j', (value, read) => expect(input.read(value, 'name')).toBe(read));

  it.each(refuses.map((value) => [value]))('refuses %j, with what is expected', (value) => {
    expect(() => input.read(value, 'name')).toThrow(
      expect.objectContaining({ code: 'task.input', outcome: 'usage', fix: `give ${expected}` }),
    );
  });

  it('reads the same value when it is optional', () => {
    const loose = optional(input);
    expect(loose).toMatchObject({ optional: true, flag: input.flag, placeholder: input.placeholder });
    for (const [value, read] of reads) expect(loose.read(value, 'name')).toBe(read);
    for (const value of refuses) expect(() => loose.read(value, 'name')).toThrow('does not fit');
  });
});

it('a flag is optional, takes no value and is on', () => {
  expect(flag('a')).toMatchObject({ flag: true, optional: true, placeholder: '' });
  expect(flag('a').read('', 'name')).toBe(true);
});

it.each<[string, () => unknown, string]>([
  ['limits in the wrong order', () => whole('how often', 9, 1), 'no whole number is from 9 to 1'],
  ['a limit that is not a number', () => whole('how often', Number.NaN), 'no whole number is from'],
  ['a time of at most nothing', () => duration('how long', 0), 'its maximum is 0 ms'],
  ['no choices', () => text('which', { choices: [] }), 'choices is empty'],
])('an input with %s is a mistake of the file', (_, define, message) => {
  expect(define).toThrow(expect.objectContaining({ code: 'task.definition', outcome: 'usage' }));
  expect(define).toThrow(message);
});

it.each([
  ['a flag', { hard: flag('at once') }, 'has the flag hard among its arguments'],
  [
    'one after an optional one',
    { tries: optional(whole('n')), queue: text('which') },
    'has the argument queue after one',
  ],
])('a task whose arguments have %s is a mistake of the file', (_, positional, message) => {
  const define = () =>
    defineTask({ summary: 'stop', arguments: positional, describe: () => [], run: async () => undefined });
  expect(define).toThrow(message);
});
