import { expect, it } from 'vitest';
import { commandArgv, yamlList } from '../../src/project/command-argv.ts';

it.each([
  ['node server.js', ['node', 'server.js']],
  ['  npm ci   --omit=dev ', ['npm', 'ci', '--omit=dev']],
  ['', []],
  ['gunicorn --bind "$HOST:$PORT" a:b', ['sh', '-c', 'exec gunicorn --bind "$HOST:$PORT" a:b']],
  ['make && ./server', ['sh', '-c', 'make && ./server']],
  ['A=1 ./server', ['sh', '-c', 'A=1 ./server']],
])('the command line %j becomes the words %j', (line, words) => {
  expect(commandArgv(line, { replace: true })).toEqual(words);
});

it('a command of several is given to a shell as it is', () => {
  expect(commandArgv("bundle config set --local without 'a b'")).toEqual([
    'sh',
    '-c',
    "bundle config set --local without 'a b'",
  ]);
});

it('words in YAML mean the same text', () => {
  expect(yamlList(['sh', '-c', "a 'b': c", '8080', 'yes', '-1', './x', '--omit=dev', '.', ''])).toBe(
    "[sh, -c, 'a ''b'': c', '8080', 'yes', '-1', ./x, --omit=dev, '.', '']",
  );
});
