import { expect, it } from 'vitest';
import { changeOnce } from '../../src/engine/change-once.ts';
import type { ChangeIntent, JournaledChange } from '../../src/engine/step.ts';

const made = (facts: Partial<JournaledChange>): JournaledChange => ({
  ...{ step: 's', action: 'create', target: 'a', token: 't', data: {}, undoing: false },
  ...facts,
});

it.each([
  ['was made', made({ result: 'first' }), 'first'],
  ['was made for another target', made({ target: 'b', result: 'first' }), 'second'],
  ['failed', made({ error: 'refused' }), 'second'],
  ['has an unknown outcome', made({}), 'second'],
  ['was made by an undo', made({ result: 'first', undoing: true }), 'second'],
])('a creation that %s before', async (_what, earlier, expected) => {
  const context = {
    changes: () => [earlier],
    change: <T>(_intent: ChangeIntent, apply: (token: string) => Promise<T>) => apply('t'),
  };
  expect(await changeOnce(context, { action: 'create', target: 'a' }, async () => 'second')).toBe(expected);
});
