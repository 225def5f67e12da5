import { expect, test } from 'vitest';
import { plainSettings } from '../../src/config/plain-settings.ts';

const problemsOf = (raw: unknown) => plainSettings(raw).problems.map((one) => one.text);

test('settings without getters are copied as they are, with functions and instances of classes', () => {
  const instance = new Date(0);
  const code = () => 1;
  const shared = { a: 1 };
  const raw = { app: 'api', list: [1, { b: undefined }], instance, code, one: shared, two: shared, none: null };
  const { settings, problems } = plainSettings(raw);
  expect(problems).toEqual([]);
  expect(settings).toStrictEqual(raw);
  expect(settings).not.toBe(raw);
});

test('a task stays the object that was defined', () => {
  const task: Record<string, unknown> = { summary: 'restart', steps: () => [] };
  task.self = task;
  const { settings, problems } = plainSettings({ tasks: { restart: task } });
  expect(problems).toEqual([]);
  expect((settings as { tasks: Record<string, unknown> }).tasks.restart).toBe(task);
});

test('a setting that contains itself is a problem with both paths', () => {
  const raw: Record<string, unknown> = { ansible: { variables: { list: [] as unknown[] } } };
  const { variables } = raw.ansible as { variables: { list: unknown[] } };
  variables.list.push(variables);
  raw.release = { watch: raw };
  expect(problemsOf(raw)).toEqual([
    'ansible.variables.list[0]: refers to ansible.variables, which contains it; expected a value of its own',
    'release.watch: refers to (file), which contains it; expected a value of its own',
  ]);
});

test('what cannot be read is a problem: getters, proxies and tasks that throw', () => {
  const throwing = {
    get summary() {
      throw new Error('no\nsummary');
    },
  };
  const proxy = new Proxy({}, { ownKeys: () => { throw new Error('no keys'); } }); // biome-ignore format: one line
  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  expect(problemsOf({ tasks: { throwing }, release: throwing, ssh: proxy, ledger: revocable.proxy })).toEqual([
    'tasks.throwing: cannot be read: no\\nsummary',
    'release.summary: cannot be read: no\\nsummary',
    'ssh: cannot be read: no keys',
    expect.stringMatching(/^ledger: cannot be read: .*revoked/),
  ]);
  expect(problemsOf(proxy)).toEqual(['(file): cannot be read: no keys']);
});

test('settings that are too deep or too many are refused', () => {
  const deep = Array.from({ length: 200 }).reduce<object>((inner) => ({ inner }), {});
  expect(problemsOf(deep)).toEqual([expect.stringMatching(/more than 100 levels deep/)]);
  expect(problemsOf({ hooks: new Array(1_000_000_000) })).toEqual(['(file): more than 1000000 values, expected fewer']);
});
