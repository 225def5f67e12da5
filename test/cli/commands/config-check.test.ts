import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { loadPipeline } from '../../../src/config/load.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { fakeContext } from '../support/fake-context.ts';

async function configCheck(cwd: string, ...argv: string[]) {
  const context = fakeContext(['config', 'check', ...argv], { cwd, env: {} });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

const wrong = file(minimal({ app: 'web', service: { port: 70_000, healthPath: 'health' } }));

test('config check reports on every file: correct ones beside each mistake of the others', async () => {
  const dir = await project({ 'api.ts': file(minimal()), 'web.ts': wrong });
  const { code, out, err } = await configCheck(dir);
  expect({ code, out }).toEqual({ code: 2, out: 'ok  api: local\n' });
  expect(err).toContain('service.port');
  expect(err).toContain('70000');
  expect(err).toContain('service.healthPath');

  const json = await configCheck(dir, '--json');
  expect(json.code).toBe(2);
  expect(JSON.parse(json.out)).toMatchObject([
    { app: 'api', ok: true, environments: ['local'] },
    { app: 'web', ok: false, error: { code: 'config.invalid' } },
  ]);
});

test('a file that defines a pipeline under a name that is not loaded is reported, with the name that it needs', async () => {
  const helper = 'export const port = 3000;';
  const odd = { 'web.js': file(minimal({ app: 'web' })), 'My_app.ts': file(minimal()), 'shared.mjs': helper };
  const lines = [
    "pipelines/My_app.ts is not read as the file of an app: name it pipelines/<app>.ts; an app's name is a lower-case letter, then up to 20 lower-case letters, digits and hyphens\n",
    'pipelines/web.js is not read as the file of an app: name it pipelines/web.ts; plain JavaScript is valid there\n',
  ];
  const beside = await configCheck(await project({ 'api.ts': file(minimal()), ...odd }));
  expect(beside).toEqual({ code: 0, out: 'ok  api: local\n', err: lines.map((line) => `warning: ${line}`).join('') });

  const dir = await project(odd);
  for (const argv of [[], ['web']]) {
    const alone = await configCheck(dir, ...argv);
    expect(alone).toMatchObject({ code: 2, out: '' });
    expect(alone.err).toContain('there is no pipelines/*.ts in ');
    expect(alone.err).toContain(lines[1]);
  }
});

test('a pipelines file in plain JavaScript is loaded', async () => {
  const text = file(minimal()).replace(' as never', '');
  expect(await configCheck(await project({ 'api.ts': text }))).toEqual({ code: 0, out: 'ok  api: local\n', err: '' });
});

test('config check can be limited to one app in one environment', async () => {
  const dir = await project({ 'api.ts': file(minimal()), 'web.ts': wrong });
  expect(await configCheck(dir, 'api')).toEqual({ code: 0, out: 'ok  api: local\n', err: '' });
  expect(await configCheck(dir, 'api', '--env', 'local')).toMatchObject({ code: 0, out: 'ok  api: local\n' });
  const unknown = await configCheck(dir, 'api', '--env', 'lokal');
  expect(unknown).toMatchObject({ code: 2, out: '' });
  expect(unknown.err).toContain('lokal');
});

test('names that collide are reported once, with both files and environments, also when one app is checked', async () => {
  const dir = await project({
    'api.ts': file(minimal({ environments: { 'x-y': { cloud: 'local' }, local: { cloud: 'local' } } })),
    'api-x.ts': file(minimal({ app: 'api-x', environments: { y: { cloud: 'local' } } })),
    'web.ts': file(minimal({ app: 'web' })),
  });
  const { code, out, err } = await configCheck(dir);
  expect({ code, out }).toEqual({ code: 2, out: 'ok  web: local\n' });
  expect(err.match(/api-x-y-check/g)).toHaveLength(1);
  expect(err).toContain('pipelines/api.ts in environment x-y and pipelines/api-x.ts in environment y');
  expect(JSON.parse((await configCheck(dir, '--json')).out)).toMatchObject([
    { app: 'api', ok: false, error: { code: 'config.names-collide' } },
    { app: 'api-x', ok: false, error: { code: 'config.names-collide' } },
    { app: 'web', ok: true },
  ]);
  expect(await configCheck(dir, 'api-x')).toMatchObject({ code: 2, out: '' });
  expect(await configCheck(dir, 'api', '--env', 'local')).toMatchObject({ code: 0, err: '' });
});

test('a release of a fleet whose names collide is refused before any call to the cloud', async () => {
  const cwd = await project({
    'api.ts': file(minimal({ environments: { 'x-y': { cloud: 'local' } } })),
    'api-x.ts': file(minimal({ app: 'api-x', environments: { y: { cloud: 'local' } } })),
  });
  const context = fakeContext(['release', 'api-x', '--yes'], { cwd, env: {} });
  expect(await runCli(context)).toBe(2);
  expect(context.stderr.text).toContain('pipelines/api.ts in environment x-y and pipelines/api-x.ts in environment y');
});

test('config check of a project without any file says what to write', async () => {
  const dir = await project({});
  const { code, out, err } = await configCheck(dir);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('there is no pipelines/*.ts in');
});

test('a play variable without a value is a warning for each environment that lacks it', async () => {
  const text = `export default {
  app: 'api', source: {}, ansible: { playbook: 'ansible/api.yml', variables: { site_name: process.env.GP_NOT_SET, empty: '' } },
  service: { port: 3000 },
  environments: { local: { cloud: 'local', ansible: { variables: { site_name: 'test' } } }, rehearsal: { cloud: 'local' } },
} as never;
`;
  const dir = await project({ 'api.ts': text });
  const { code, out, err } = await configCheck(dir);
  expect({ code, out }).toEqual({ code: 0, out: 'ok  api: local, rehearsal\n' });
  expect(err).toBe(
    'warning: api: ansible.variables.site_name has no value in rehearsal; a release there needs it: set the shell variable that pipelines/api.ts reads it from\n',
  );
  const json = await configCheck(dir, '--json');
  expect(JSON.parse(json.out)).toMatchObject([
    {
      app: 'api',
      ok: true,
      warnings: [expect.stringContaining('ansible.variables.site_name has no value in rehearsal')],
    },
  ]);
  expect(await configCheck(dir, '--env', 'local')).toMatchObject({ code: 0, err: '' });
});

test('a missing playbook and a missing source folder are warnings, once for all environments', async () => {
  const environments = { local: { cloud: 'local' }, staging: { cloud: 'local' } };
  const ansible = { playbook: 'ansible/none.yml' };
  const dir = await project({ 'api.ts': file(minimal({ environments, ansible, source: { path: 'apps/none' } })) });
  const { code, err } = await configCheck(dir);
  expect(code).toBe(0);
  expect(err.split('\n')).toEqual([
    `warning: api: ansible.playbook: there is no playbook ${dir}/ansible/none.yml; write it, or correct ansible.playbook in pipelines/api.ts`,
    `warning: api: source.path: there is no folder apps/none in ${dir}; put the app there, or correct source.path in pipelines/api.ts`,
    '',
  ]);
});

test.each([
  ['a missing role', '- hosts: all\n  roles: [nginx, release]\n', "the role 'nginx' was not found"],
  ['no release role', '- hosts: all\n  tasks: [{ ansible.builtin.command: id }]\n', 'does not apply the release role'],
  ['a file that is not YAML', '- hosts: [', 'Ansible cannot read api.yml'],
])('a playbook that a release would refuse is a warning: %s', async (_what, text, says) => {
  const dir = await project({ 'api.ts': file(minimal()) });
  await writeFile(join(dir, 'ansible/api.yml'), text);
  const { code, out, err } = await configCheck(dir);
  expect({ code, out }).toEqual({ code: 0, out: 'ok  api: local\n' });
  expect(err).toContain('warning: api: ansible.playbook: ');
  expect(err).toContain(says);
  expect(err.trim().split('\n')).toHaveLength(1);
});

test('a file that is named like a command is reported, and loads all the same: a fleet must be able to go back', async () => {
  const dir = await project({ 'status.ts': file(minimal({ app: 'status' })) });
  const checked = await configCheck(dir);
  expect(checked.code).toBe(2);
  expect(checked.err).toContain('pipelines/status.ts is named like the command `pipeline status`');
  expect((await loadPipeline({ projectDir: dir, app: 'status' })).environments).toEqual(['local']);
});

test('a verify window that is too short for the counters of the load balancer is a warning', async () => {
  const production = { cloud: 'aws', region: 'eu-west-1', ledger: { type: 's3', bucket: 'shop-ledger' } };
  const dir = await project({
    'api.ts': file(minimal({ environments: { production }, release: { verifySeconds: 60 } })),
  });
  const { code, err } = await configCheck(dir);
  expect(code).toBe(0);
  expect(err).toMatch(/^warning: api: release.verifySeconds is 60 in production, too short .* set it to 240 or more/m);
});
