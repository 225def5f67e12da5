import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterAll, beforeAll, expect, it } from 'vitest';
import shop from '../../examples/plain/shop.ts';
import { validate } from '../../src/config/validate.ts';
import { createInspect } from '../../src/hosts/inspect-playbook.ts';
import { plainVariables } from '../../src/plays/plain-variables.ts';

const projectDir = path.resolve(import.meta.dirname, '../../examples/plain');
const { fleet: fleetOf } = validate(shop, { app: 'shop', file: 'pipelines/shop.ts', projectDir });
const fleet = fleetOf('production');

let runDir: string;
beforeAll(async () => {
  runDir = await mkdtemp(path.join(tmpdir(), 'gp-plain-example-'));
});
afterAll(() => rm(runDir, { recursive: true, force: true }));

it('the example of a plain playbook is accepted by Ansible, for the group of its host', async () => {
  const inspect = createInspect({ ssh: fleet.ssh, ansible: fleet.ansible, projectDir, runDir, clock: systemClock() });
  const current = { templateId: 'lt-1', templateVersion: '1' };
  const found = await inspect(
    fleet.ansible.playbook,
    plainVariables(fleet, { version: 'v1', commit: 'a'.repeat(40), current }),
  );
  const [play] = found.plays;
  expect(play?.hosts).toEqual(fleet.ansible.groups);
  expect(play?.tasks.length).toBeGreaterThan(5);
}, 60_000);

it('the example of a plain playbook has the templates that it names', async () => {
  const text = await readFile(fleet.ansible.playbook, 'utf8');
  const named = [...text.matchAll(/src: (\S+\.j2)/g)].map(([, name]) => name);
  expect(named.sort()).toEqual((await readdir(path.join(projectDir, 'ansible/templates'))).sort());
});

it('the guide shows the configuration and the tasks of the example unchanged', async () => {
  const guide = await readFile(path.join(projectDir, '../../docs/plain-playbooks.md'), 'utf8');
  const shown = /```ts\n(.+?)```/s.exec(guide)?.[1] ?? '';
  const own = await readFile(path.join(projectDir, 'shop.ts'), 'utf8');
  expect(own.replace(/^\/\/.*\n/m, '')).toBe(shown);
  const playbook = await readFile(fleet.ansible.playbook, 'utf8');
  const tasks = /```yaml\n.*? {2}tasks:\n(.+?)```/s.exec(guide)?.[1] ?? 'none';
  for (const task of tasks.split('\n\n')) expect(playbook).toContain(task.trimEnd());
});
