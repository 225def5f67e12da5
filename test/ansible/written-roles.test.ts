import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { roleFiles } from '../../src/project/role-texts.ts';
import { detectStack } from '../../src/project/stack/detect.ts';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const exec = promisify(execFile);
let root: string;

// What the commands of a Ruby app call, so that no Ruby is needed here: each call is kept, and Puma serves a file.
const ruby = '#!/bin/sh\necho "$RUBY_HAS"\n';
const bundle = `#!/bin/sh
echo "$PWD: $*" >>"$BUNDLE_CALLS"
case "$1 $2" in
  'exec puma') address=\${4#tcp://}; exec python3 -m http.server "\${address#*:}" --bind "\${address%:*}" ;;
  'install ') mkdir -p vendor/bundle ;;
esac
`;

// Any program that listens on HOST and PORT.
const program = `#!/usr/bin/python3
import http.server, os
http.server.HTTPServer((os.environ['HOST'], int(os.environ['PORT'])), http.server.SimpleHTTPRequestHandler).serve_forever()
`;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'gp-written-'));
  await write('bin/ruby', ruby, 0o755);
  await write('bin/bundle', bundle, 0o755);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(file: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
  await chmod(path.join(root, file), mode);
}

/** Stages an app of these files by the playbook and role that init writes, on this computer, until it is healthy. */
async function stage(files: Record<string, string>): Promise<string> {
  for (const [file, text] of Object.entries(files))
    await write(`app/${file}`, text, text.startsWith('#!') ? 0o755 : 0o644);
  await exec('tar', ['-cf', path.join(root, 'app.tar'), '-C', path.join(root, 'app'), '.']);
  const stack = await detectStack(path.join(root, 'app'));
  if (!stack) throw new Error('nothing was detected');
  const { technology, start, build, environment: variables = {} } = stack;
  for (const [file, text] of Object.entries(roleFiles({ app: 'shop', technology, start, build, variables }))) {
    await write(file, text);
  }
  const given = {
    ...{ release_action: 'stage', release_app: 'shop', release_version: 'v1', release_commit: 'abcdef0' },
    ...{ release_port: 8080, release_staging_port: await freePort(), release_health_path: '/health' },
    ...{
      release_root: path.join(root, 'srv'),
      release_staging_folder: path.join(root, 'staging'),
      release_run: 'run-1',
    },
    ...{ release_archive: path.join(root, 'app.tar'), release_host: '127.0.0.1', ansible_service_mgr: 'runit' },
  };
  const argv = [
    '-i',
    'local,',
    '-c',
    'local',
    '--extra-vars',
    JSON.stringify(given),
    path.join(root, 'ansible/shop.yml'),
  ];
  const env = {
    ...process.env,
    ANSIBLE_CONFIG: path.join(ansible, 'ansible.cfg'),
    ANSIBLE_ROLES_PATH: `${path.join(root, 'ansible/roles')}:${path.join(ansible, 'roles')}`,
    ANSIBLE_LOCAL_TEMP: root,
    ANSIBLE_REMOTE_TEMP: root,
    PATH: `${path.join(root, 'bin')}:${process.env.PATH}`,
    RUBY_HAS: '3.2.0',
    BUNDLE_CALLS: path.join(root, 'calls'),
  };
  return exec('ansible-playbook', argv, { env }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

it('a Ruby app is installed by Bundler into its release folder, and served by Puma on HOST and PORT', async () => {
  const files = { Gemfile: "gem 'sinatra'\ngem 'puma'\n", 'config.ru': "get('/health')", health: 'ok' };
  expect(await stage(files)).toMatch(/failed=0/);
  const folder = path.join(root, 'srv/releases/v1');
  const calls = (await readFile(path.join(root, 'calls'), 'utf8'))
    .split('\n')
    .map((line) => line.replace(`${folder}: `, ''));
  expect(calls).toEqual(
    expect.arrayContaining([
      'config set --local path vendor/bundle',
      'config set --local without development test',
      'install',
      expect.stringMatching(/^exec puma --bind tcp:\/\/127\.0\.0\.1:\d+$/),
    ]),
  );
}, 60_000);

it.each([
  ['a Python app', { 'requirements.txt': '', 'server.py': program, health: 'ok' }],
  ['a site of files', { 'public/index.html': '<h1>', 'public/health': 'ok' }],
  ['a program', { server: program, health: 'ok' }],
])(
  '%s that the role of init starts is healthy on HOST and PORT',
  async (_what, files) => {
    expect(await stage(files)).toMatch(/failed=0/);
  },
  60_000,
);

/** A port of this computer that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
