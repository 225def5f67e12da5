import { expect, it } from 'vitest';
import { mergeCauses } from '../../src/doctor/merge-causes.ts';
import { diagnoseApp } from '../../src/project/diagnose-app.ts';
import { fakeContext } from '../cli/support/fake-context.ts';
import { file, minimal, project } from '../config/support/project.ts';

/** What doctor says of the apps of a project whose local cloud is not running, without what passed. */
async function examine(files: Record<string, string>) {
  const dir = await project(files);
  const context = fakeContext([], { cwd: dir });
  const all = await Promise.all(['api', 'web'].map((app) => diagnoseApp(context, { projectDir: dir, app })));
  return mergeCauses(all).map(({ findings }) => findings.filter(({ severity }) => severity !== 'ok'));
}

it('names that two apps share are one finding, and a variable that each of them lacks is one for each, with its own file', async () => {
  const of = (app: string) =>
    file(
      minimal({
        app,
        names: { group: 'shared' },
        ansible: { playbook: 'ansible/api.yml', variables: { env: { KEY: 'undefined' } } },
      }),
    );
  const [api = [], web = []] = await examine({ 'api.ts': of('api'), 'web.ts': of('web') });
  expect(api.map(({ id }) => id)).toEqual(expect.arrayContaining(['config.names', 'config.unset-variable']));
  const own = web.filter(({ id }) => id === 'config.unset-variable');
  expect(own).toMatchObject([{ fix: 'set the shell variable that pipelines/web.ts reads it from' }]);
  expect(web.map(({ id }) => id)).not.toContain('config.names');
  expect(web.find(({ severity }) => severity === 'skipped')).toMatchObject({
    message: expect.stringMatching(/: same cause as in api in local$/),
    checks: expect.arrayContaining(['config.names', 'local.not-running']),
  });
});

it('a file that all apps read and that is broken is one error', async () => {
  const files = { 'api.ts': file(minimal()), 'web.ts': file(minimal({ app: 'web' })) };
  const [api = [], web = []] = await examine({ ...files, 'environments.ts': 'export default {' });
  expect(api).toMatchObject([{ severity: 'error', message: expect.stringContaining('environments.ts') }]);
  expect(web).toMatchObject([{ severity: 'skipped', message: '1 check was skipped: same cause as in api' }]);
});
