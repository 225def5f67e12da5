import { expect, test } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { commandMeant } from '../../src/cli/meanings.ts';

test.each([
  ['rollback', undefined, 'fast-rollback'],
  ['deploy', undefined, 'release'],
  ['cancel', 'scale', 'abort'],
  ['check', undefined, 'config check'],
  ['rele', undefined, 'release'],
  ['relase', 'release', 'release'],
  ['re', undefined, undefined],
  ['compl', undefined, 'completion'],
  ['constructor', undefined, undefined],
])('%s, spelled like %s, means %s', (word, similar, meant) => {
  expect(commandMeant(word, commands, similar)).toBe(meant);
});
