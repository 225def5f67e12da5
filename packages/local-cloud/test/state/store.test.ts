import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { emptyState } from '../../src/model.ts';
import { openStore } from '../../src/state/store.ts';
import { setUp } from '../ec2/support.ts';

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'state-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test('a cloud comes back as it was', async () => {
  const dir = join(await folder(), 'new');
  const store = await openStore(dir);
  expect(store.state).toEqual(emptyState());
  const cloud = setUp(store.state, { changed: store.changed });
  await cloud.run(2);
  await store.close();
  const again = await openStore(dir);
  expect(again.state).toEqual(JSON.parse(JSON.stringify(store.state)));
  expect(Object.keys(again.state.instances)).toHaveLength(2);
  expect((await stat(join(dir, 'state.json'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['state.json']);
});

test('tables hold their rows and nothing else, whatever a row is called', async () => {
  const dir = await folder();
  const proto: string = '__proto__';
  const store = await openStore(dir);
  const cloud = setUp(store.state);
  await cloud.send('CreateLaunchTemplate', {
    LaunchTemplateName: 'api',
    LaunchTemplateData: { InstanceType: 't3.micro' },
  });
  const [template] = Object.values(store.state.launchTemplates);
  if (template) Object.assign(store.state.launchTemplates, { [proto]: template });
  store.changed();
  await store.close();
  const again = await openStore(dir);
  await again.close();
  for (const { launchTemplates, groups } of [store.state, again.state]) {
    expect(launchTemplates[proto]).toMatchObject({ name: 'api' });
    for (const name of [proto, 'constructor', 'toString']) expect(groups[name]).toBeUndefined();
  }
});

test('changes are gathered, and written without being asked', async () => {
  const dir = await folder();
  const store = await openStore(dir);
  store.state.networkTags = { a: { b: '1' } };
  store.changed();
  store.changed();
  expect(await readdir(dir)).toEqual([]);
  await vi.waitFor(async () => expect(await readFile(join(dir, 'state.json'), 'utf8')).toContain('"b":"1"'));
  await store.close();
});

test('flush writes what changed so far, and nothing when nothing did', async () => {
  const dir = await folder();
  const store = await openStore(dir);
  await store.flush();
  expect(await readdir(dir)).toEqual([]);
  store.changed();
  await Promise.all([store.flush(), store.flush()]);
  expect(JSON.parse(await readFile(join(dir, 'state.json'), 'utf8')).version).toBe(2);
  await store.close();
});

test.each([
  ['{"version":2,', 'it is not JSON'],
  ['null', 'it holds no object'],
  ['{"version":9,"state":{}}', 'its version is 9, and this version of the local cloud reads 2'],
  ['{"version":2,"state":{"instances":[]}}', 'its table "instances" is missing or damaged'],
  ['{"version":2}', 'its table "instances" is missing or damaged'],
])('a file with %s is refused by name, and left alone', async (text, why) => {
  const dir = await folder();
  const file = join(dir, 'state.json');
  await writeFile(file, text);
  await expect(openStore(dir)).rejects.toMatchObject({
    code: 'cloud.state-corrupt',
    message: expect.stringContaining(`${file} cannot be used: ${why}`),
  });
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('a write that fails is reported, and leaves no half file; the next change tries again', async () => {
  const dir = await folder();
  const told: unknown[] = [];
  const store = await openStore(dir, (error) => told.push(error));
  await rm(dir, { recursive: true });
  store.changed();
  await expect(store.flush()).rejects.toThrow('ENOENT');
  store.changed();
  await vi.waitFor(() => expect(told).toHaveLength(1));
});
