import { expect, it } from 'vitest';
import { loadFleet } from '../../src/config/load.ts';
import { checkConfiguration } from '../../src/project/check-config.ts';
import { instantClock } from '../support/instant-clock.ts';
import { file, minimal, project } from './support/project.ts';

/** What is wrong with a file that has these targets. */
async function mistakes(...targets: unknown[]): Promise<string[]> {
  const dir = await project({ 'api.ts': file(minimal({ notify: { targets } })) });
  const error = await loadFleet({ projectDir: dir, app: 'api' }).catch((thrown) => thrown);
  return error.details ?? [];
}

const slack = { to: 'slack', token: 'env:SLACK_TOKEN', channel: '#deploys' };

it('a token in the file itself is refused with the way to write it, and is not shown', async () => {
  for (const target of [
    { ...slack, token: 'xoxb-4711-verysecret' },
    { to: 'slack', webhook: 'https://hooks.slack.com/services/T0/B0/xoxb-4711-verysecret' },
    { to: 'webhook', url: 'https://example.com/', secret: 'xoxb-4711-verysecret' },
    { to: 'sentry', token: 'xoxb-4711-verysecret', organization: 'shop', projects: ['api'] },
  ]) {
    const found = await mistakes(target);
    expect(found).toEqual([
      expect.stringContaining("a reference such as env('SLACK_TOKEN') or ssm('/shop/slack-token')"),
    ]);
    expect(found.join()).not.toContain('verysecret');
  }
});

it.each([
  [{ to: 'slak', token: 'env:A' }, "notify.targets[0].to: \"slak\", expected a target: 'slack', 'webhook', 'email'"],
  [{ ...slack, events: ['deployed'] }, "notify.targets[0].events[0]: \"deployed\", expected 'started' or 'released'"],
  [{ ...slack, chanel: '#x' }, 'notify.targets[0].chanel: unknown key, did you mean channel?'],
  [{ to: 'slack' }, "notify.targets[0].token: missing, expected env('SLACK_TOKEN') of a bot"],
  [{ to: 'slack', token: 'env:A' }, "notify.targets[0].channel: missing, expected a channel such as '#deploys'"],
  [{ ...slack, webhook: 'env:HOOK' }, 'expected either webhook, or token and channel'],
  [{ to: 'webhook' }, 'notify.targets[0].url: missing, expected a URL that starts with https://'],
  [{ to: 'webhook', url: 'hooks.example.com/x' }, 'notify.targets[0].url: [redacted], expected a URL that starts with'],
  [
    { to: 'webhook', url: 'http://example.com/x' },
    'url: [redacted] (a URL of "example.com"), expected a URL that starts',
  ],
  [{ to: 'webhook', url: 'https://ann:pw@example.com/' }, 'expected a URL that starts with https://'],
  [{ to: 'email', host: 'mail', from: 'x', recipients: [] }, 'from: "x", expected an address such as'],
  [
    { to: 'email', host: 'mail', from: 'a@b', recipients: ['a@b'], user: 'ann' },
    'password: missing, expected user and password, or neither',
  ],
  [{ to: 'graphite' }, 'url: missing, expected url of the web application for events'],
] as const)('%j is refused: %s', async (target, text) => {
  expect((await mistakes(target)).join('\n')).toContain(text);
});

it('two targets of a kind need names, and http is accepted on this computer only', async () => {
  const local = { to: 'webhook', url: 'http://127.0.0.1:8080/x' };
  expect(await mistakes(local, { ...local, url: 'https://example.com/' })).toEqual([
    "notify.targets[1].name: missing, expected a name of its own, as another target is named 'webhook'",
  ]);
  expect(await mistakes(local, { ...local, name: 'second' })).toEqual([]);
});

it('pipelines/environments.ts sets notifications for all apps, and an app adds, replaces or mutes them', async () => {
  const shared = `import { defineEnvironments, env } from 'golden-pipeline';
export default defineEnvironments({
  notify: { targets: [{ to: 'slack', token: env('SLACK_TOKEN'), channel: '#deploys' }] },
  environments: { production: { notify: { targets: [{ to: 'webhook', url: env('HOOK') }] } } },
});`;
  const environments = { local: { cloud: 'local' }, production: { cloud: 'local' } };
  const dir = await project({
    'environments.ts': shared,
    'api.ts': file(minimal({ environments, defaultEnvironment: 'local' })),
    'web.ts': file(minimal({ app: 'web', environments, defaultEnvironment: 'local', notify: { mute: true } })),
  });
  const notifyOf = async (app: string, environment: string) =>
    (await loadFleet({ projectDir: dir, app, environment })).notify;
  expect(await notifyOf('api', 'local')).toMatchObject({
    mute: false,
    targets: [{ to: 'slack', channel: '#deploys' }],
  });
  expect(await notifyOf('api', 'production')).toMatchObject({ targets: [{ to: 'webhook', url: 'env:HOOK' }] });
  expect(await notifyOf('web', 'production')).toMatchObject({ mute: true, targets: [{ to: 'webhook' }] });
});

it('a mistake in pipelines/environments.ts is named with its file', async () => {
  const dir = await project({
    'environments.ts': 'export default { notify: { target: [] } };',
    'api.ts': file(minimal()),
  });
  await expect(loadFleet({ projectDir: dir, app: 'api' })).rejects.toMatchObject({
    code: 'config.invalid',
    outcome: 'usage',
    message: 'pipelines/environments.ts has a mistake',
    details: ['notify.target: unknown key, did you mean targets?'],
  });
});

it('an environment of pipelines/environments.ts that no app has is a warning', async () => {
  const dir = await project({
    'environments.ts': 'export default { environments: { prodution: { notify: { mute: true } } } };',
    'api.ts': file(minimal()),
  });
  const { checked, errors } = await checkConfiguration({ clock: instantClock() }, { projectDir: dir, apps: ['api'] });
  expect(errors).toEqual([]);
  expect(checked).toMatchObject([
    {
      warnings: expect.arrayContaining([
        'pipelines/environments.ts has an environment prodution, which no app has (local)',
      ]),
    },
  ]);
});
