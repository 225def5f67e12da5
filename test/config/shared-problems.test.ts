import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/main.ts';
import { loadPipeline, unreadFiles } from '../../src/config/load.ts';
import { checkConfiguration } from '../../src/project/check-config.ts';
import { fakeContext } from '../cli/support/fake-context.ts';
import { instantClock } from '../support/instant-clock.ts';
import { file, minimal, project } from './support/project.ts';

const slack = { to: 'slack', token: 'env:SLACK_TOKEN', channel: '#deploys' };
const sharedFile = (settings: object) => `export default ${JSON.stringify(settings)};\n`;
const projectWith = (shared: string, api: Record<string, unknown> = {}) =>
  project({ 'environments.ts': shared, 'api.ts': file(minimal(api)), 'web.ts': file(minimal({ app: 'web' })) });
const twice = (place: string) =>
  `${place}notify.targets[1].name: missing, expected a name of its own, as another target is named 'slack'`;

describe('a mistake in pipelines/environments.ts', () => {
  it('that only several targets together show is named with that file, once for all apps', async () => {
    const dir = await projectWith(sharedFile({ notify: { targets: [slack, slack] } }));
    const { errors } = await checkConfiguration({ clock: instantClock() }, { projectDir: dir, apps: ['api', 'web'] });
    expect(errors).toMatchObject([
      { code: 'config.invalid', message: 'pipelines/environments.ts has a mistake', details: [twice('')] },
    ]);
  });

  it('in one environment is named with it, also when no app has that environment', async () => {
    const production = { notify: { targets: [slack, slack] } };
    const staging = { notify: { mute: true } };
    const dir = await projectWith(sharedFile({ notify: { targets: [slack] }, environments: { production, staging } }));
    await expect(loadPipeline({ projectDir: dir, app: 'api' })).rejects.toMatchObject({
      message: 'pipelines/environments.ts has a mistake',
      details: [twice('environments.production.')],
    });
  });

  it('does not move to an app that overrides something else, whose own mistakes have their place', async () => {
    const dir = await projectWith(sharedFile({ notify: { targets: [slack] } }), {
      notify: { targets: [slack, slack] },
      environments: { local: { cloud: 'local', notify: { mute: true } } },
    });
    await expect(loadPipeline({ projectDir: dir, app: 'api' })).rejects.toMatchObject({
      message: 'pipelines/api.ts has a mistake',
      details: [twice('')],
    });
    expect(await loadPipeline({ projectDir: dir, app: 'web' })).toMatchObject({ app: 'web' });
  });
});

describe('a file pipelines/environments.ts that is something else', () => {
  it.each([
    ['a module without a default export', 'export const accounts = {};', 'config.no-default-export'],
    ['a module with another default export', 'export default 7;', 'config.invalid'],
  ])('is refused as %s, with what the file is for and the way out', async (_case, text, code) => {
    const dir = await projectWith(text);
    await expect(loadPipeline({ projectDir: dir, app: 'api' })).rejects.toMatchObject({
      code,
      outcome: 'usage',
      fix: expect.stringMatching(/has what all apps share, in `export default defineEnvironments.*another name$/),
    });
  });

  it('is refused as the file of an app, and an app of that name too', async () => {
    const app = file(minimal({ app: 'environments' }));
    await expect(loadPipeline({ projectDir: await projectWith(app), app: 'api' })).rejects.toMatchObject({
      code: 'config.reserved-name',
      message: 'pipelines/environments.ts cannot be the file of an app',
      fix: expect.stringContaining('call the app and its file something else'),
    });
    const alone = await project({ 'environments.ts': app });
    await expect(loadPipeline({ projectDir: alone, app: 'environments' })).rejects.toMatchObject({ code: 'name.app' });
    expect(await unreadFiles(alone)).toEqual([
      'pipelines/environments.ts is not read as the file of an app: name it pipelines/<app>.ts; pipelines/environments.ts has what all apps share',
    ]);
  });
});

it.each([[['init', 'environments']], [['config', 'check', 'environments']]])(
  'an app cannot be called environments: %j, exit code 2',
  async (argv) => {
    const dir = await project({ 'api.ts': file(minimal()) });
    const context = fakeContext(argv, { cwd: dir, env: {} });
    expect(await runCli(context)).toBe(2);
    expect(context.stderr.text).toContain(
      'an app cannot be called environments: pipelines/environments.ts has what all apps share',
    );
  },
);
