import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const exec = promisify(execFile);
let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'gp-release-run-'));
  await mkdir(path.join(root, 'releases/v2'), { recursive: true });
  const play = '- hosts: all\n  gather_facts: false\n  vars: {ansible_service_mgr: runit}\n  roles: [release]\n';
  await writeFile(path.join(root, 'play.yml'), play);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const folder = () => path.join(root, 'releases/v2');
const builtBy = (run: string) => writeFile(path.join(folder(), '.release-run'), `${run}\n`);

/** Plays the release role on this computer, with all that it touches in the test's folder. Resolves with what it printed. */
async function play(action: 'stage' | 'unstage', run?: string, extra: Record<string, unknown> = {}): Promise<string> {
  const variables = {
    release_action: action,
    release_app: 'api',
    release_version: 'v2',
    release_commit: 'abcdef0',
    release_port: 8080,
    release_staging_port: 8081,
    release_health_path: '/health',
    release_root: root,
    release_staging_folder: path.join(root, 'staging'),
    ...(run === undefined ? {} : { release_run: run }),
    ...extra,
  };
  const argv = ['-i', 'local,', '-c', 'local', '--extra-vars', JSON.stringify(variables), path.join(root, 'play.yml')];
  const env = {
    ...process.env,
    ANSIBLE_CONFIG: path.join(ansible, 'ansible.cfg'),
    ANSIBLE_ROLES_PATH: path.join(ansible, 'roles'),
    ANSIBLE_LOCAL_TEMP: root,
    ANSIBLE_REMOTE_TEMP: root,
  };
  return exec('ansible-playbook', argv, { env }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

it('unstage removes what its own run has built', async () => {
  await builtBy('run-1');
  await play('unstage', 'run-1');
  expect(existsSync(folder())).toBe(false);
  expect(existsSync(path.join(root, 'releases'))).toBe(true);
}, 60_000);

it.each([
  ['of another run', () => builtBy('run-2')],
  ['of an unknown run', async () => undefined],
])(
  'unstage keeps a folder %s',
  async (_, prepare) => {
    await prepare();
    const printed = await play('unstage', 'run-1');
    expect(printed).toMatch(/failed=0/);
    expect(existsSync(folder())).toBe(true);
  },
  60_000,
);

it('unstage by hand removes any folder except the one that serves', async () => {
  await builtBy('run-2');
  await symlink('releases/v2', path.join(root, 'current'));
  await play('unstage');
  expect(existsSync(folder())).toBe(true);
  await rm(path.join(root, 'current'));
  await play('unstage');
  expect(existsSync(folder())).toBe(false);
}, 60_000);

it('stage refuses a folder of another run, and keeps it', async () => {
  await builtBy('run-2');
  expect(await play('stage', 'run-1')).toContain('belongs to run run-2');
  expect(existsSync(path.join(folder(), '.release-run'))).toBe(true);
}, 60_000);

describe('the health check beside the version that serves', () => {
  /** A version that runs `code` after its imports, and then serves its environment at /health on `port`. */
  async function stage(code: string, extra: Record<string, unknown> = {}): Promise<string> {
    const app = path.join(root, 'app');
    await mkdir(app, { recursive: true });
    await writeFile(
      path.join(app, 'app.py'),
      `import http.server, json, os, sys, time
port = int(os.environ['PORT'])
${code}
open(${JSON.stringify(path.join(root, 'seen.json'))}, 'w').write(json.dumps(dict(os.environ)))
http.server.HTTPServer((os.environ['HOST'], port), http.server.SimpleHTTPRequestHandler).serve_forever()
`,
    );
    await writeFile(path.join(app, 'health'), 'well');
    await exec('tar', ['-cf', path.join(root, 'app.tar'), '-C', app, '.']);
    return play('stage', 'run-1', {
      release_archive: path.join(root, 'app.tar'),
      release_service_command: ['/usr/bin/python3', 'app.py'],
      release_host: '127.0.0.1',
      release_staging_port: await freePort(),
      release_health_timeout: 60,
      ...extra,
    });
  }

  it('sets PORT and PIPELINE_STAGING, and waits as long as configured', async () => {
    const port = await freePort();
    const printed = await stage('time.sleep(2)', { release_staging_port: port });
    expect(printed).toMatch(/failed=0/);
    const seen = JSON.parse(await readFile(path.join(root, 'seen.json'), 'utf8'));
    expect(seen).toMatchObject({ PORT: String(port), HOST: '127.0.0.1', PIPELINE_STAGING: '1' });
    expect(await stage('time.sleep(60)', { release_version: 'v3', release_health_timeout: 1 })).toContain(
      'not healthy after 1 s',
    );
  }, 180_000);

  it('is not made before a migration has run, with the program that stage has written', async () => {
    const seen = path.join(root, 'seen.json');
    const migrating = { release_migrate: true, release_migration_folder: path.join(root, 'migration') };
    const extra = {
      release_service_environment: { MODE: 'demo' },
      release_exports: { SENTRY_RELEASE: 'api@1', MODE: 'of the release' },
      release_staging_port: await freePort(),
    };
    const built = await stage('', { ...migrating, ...extra, release_build_only: true });
    expect(built).toMatch(/failed=0/);
    expect(existsSync(seen)).toBe(false);
    const program = ['-I', path.join(folder(), '.release-migrate.py')];
    const request = JSON.stringify({
      command: ['sh', '-c', 'echo "$MODE $PORT $SENTRY_RELEASE"; pwd'],
      timeout: 30,
      facts: {},
    });
    await exec('python3', [...program, 'start', folder(), 'run-1', request]);
    const answer = await until(
      async () => JSON.parse((await exec('python3', [...program, 'status', folder(), 'run-1', '0'])).stdout),
      ({ state }) => state === 'ended',
    );
    expect(answer).toMatchObject({ exit: 0, text: `demo 8080 api@1\n${folder()}\n` });
    expect(await stage('', { ...migrating, ...extra })).toMatch(/failed=0/);
    expect(existsSync(seen)).toBe(true);
  }, 180_000);

  it('explains to an app whose own port is in use that it must listen on PORT', async () => {
    const taken = createServer();
    const port = await listen(taken);
    try {
      const printed = await stage(`port = ${port}`);
      expect(printed).toContain('it exited before it was healthy');
      expect(printed).toContain('the app wants a port that another process has: it must listen on the port in the');
      expect(printed).toContain('environment variable PORT');
    } finally {
      taken.close();
    }
  }, 180_000);

  it('names the fixed port that an app listens on', async () => {
    const [own, staging] = [await freePort(), await freePort()];
    const printed = await stage(`port = ${own}`, { release_staging_port: staging, release_health_timeout: 2 });
    expect(printed).toContain(
      `the app listens on port ${own} instead of ${staging}: it must listen on the port in the`,
    );
  }, 180_000);

  it('shows the output of a failing app without the values of its secrets', async () => {
    const secrets = path.join(root, 'secrets');
    await mkdir(secrets);
    await writeFile(path.join(secrets, 'values.json'), JSON.stringify({ 'ssm:/shop/key': 'sk_live_1' }));
    const printed = await stage("sys.exit('cannot reach the shop with sk_live_1')", {
      release_secrets_folder: secrets,
    });
    expect(printed).toContain('cannot reach the shop with [redacted]');
    expect(printed).not.toContain('sk_live_1');
  }, 180_000);

  it('does not mention ports when the app is only unhealthy', async () => {
    const printed = await stage("os.remove('health')", { release_health_timeout: 1 });
    expect(printed).toContain('status 404');
    expect(printed).not.toContain('environment variable PORT');
  }, 180_000);
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
