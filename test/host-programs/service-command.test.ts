import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = new URL('../../ansible/host-programs/service_command.py', import.meta.url).pathname;
const template = new URL('../../ansible/roles/release/templates/runit-run.j2', import.meta.url).pathname;

let folder: string;
let root: string;
let release: string;
/** The `current` release, an app's folder on a host. */
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'gp-exec-')));
  root = join(folder, 'srv');
  release = join(root, 'releases/v7');
  await mkdir(release, { recursive: true });
  await mkdir(join(folder, 'bin'));
  await symlink('releases/v7', join(root, 'current'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function start(command: string[], { env = {}, merge = false }: { env?: Record<string, string>; merge?: boolean } = {}) {
  const want = { app: 'api', root, command, terminal: false, merge, services: join(folder, 'service') };
  const PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
  return spawn('python3', ['-I', program, JSON.stringify(want)], { env: { PATH, ...env } });
}

/** Runs a command to its end; the connection stays open. */
async function run(command: string[], options: Parameters<typeof start>[1] = {}) {
  const child = start(command, options);
  const [out, err]: string[] = ['', ''];
  const printed = { out, err };
  child.stdout.on('data', (chunk) => {
    printed.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    printed.err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...printed };
}

const script = (name: string, body: string) =>
  writeFile(join(folder, 'bin', name), body).then(() => chmod(join(folder, 'bin', name), 0o755));

describe('a command on a host with runit', () => {
  /** The run script of the role, as its template writes it. */
  async function runScript(environment: string) {
    const last = (await readFile(template, 'utf8'))
      .split('\n')
      .find((line) => line.startsWith('[ ! -e .release-secrets'));
    expect(last).toBeDefined();
    await mkdir(join(folder, 'service/api'), { recursive: true });
    await writeFile(
      join(folder, 'service/api/run'),
      `#!/bin/sh\nexec 2>&1\nexport PATH="\${PATH:+$PATH:}/usr/bin:/bin"\n${environment}cd ${root}/current || exit 1\n[ ! -e .release-secrets.py ] || exec /usr/bin/python3 -I .release-secrets.py run . -- the app\nexec the app\n`,
    );
  }

  it('has the environment of the run script, and its folder; arguments stay as they are', async () => {
    await runScript(`export PORT=3000\nexport GREETING='it'"'"'s "so" $HOME'\n`);
    const body = 'import os, sys; print(os.getcwd(), os.environ["PORT"], os.environ["GREETING"], sys.argv[1:])';
    expect(await run(['python3', '-c', body, 'a b', '$HOME', ''])).toEqual({
      ...{ code: 0, err: '' },
      out: `${release} 3000 it's "so" $HOME ['a b', '$HOME', '']\n`,
    });
  });

  it('has the secrets of the service, given by the program that starts it', async () => {
    await runScript('export PORT=3000\n');
    await writeFile(
      join(release, '.release-secrets.py'),
      "import os, sys\nassert sys.argv[1] == 'run'\nos.environ['KEY'] = 'hunter2'\nos.execvp(sys.argv[4], sys.argv[4:])\n",
    );
    expect((await run(['sh', '-c', 'echo $KEY $PORT'])).out).toBe('hunter2 3000\n');
  });
});

it('a command that comes by standard input, behind the program itself, runs as it is', async () => {
  const words = JSON.stringify(['echo', 'ä "b" $HOME']);
  const want = { app: 'api', root, command: Buffer.byteLength(words), terminal: false, merge: false };
  const text = await readFile(program, 'utf8');
  const bootstrap = 'import sys; exec(sys.stdin.buffer.read(int(sys.argv.pop(1))))';
  const child = spawn('python3', ['-I', '-c', bootstrap, `${Buffer.byteLength(text)}`, JSON.stringify(want)]);
  child.stdin.write(text + words);
  const [printed] = await once(child.stdout, 'data');
  expect(String(printed)).toBe('ä "b" $HOME\n');
  await once(child, 'close');
});

it('a command of a service with a held socket has the environment of the release, and the address of the host', async () => {
  const instance = join(folder, 'instance.env');
  await writeFile(instance, 'HOST=127.0.0.9\nINSTANCE_ID=i-1\n');
  await writeFile(join(root, 'service.json'), JSON.stringify({ instance_env: instance }));
  await writeFile(join(release, 'service.json'), JSON.stringify({ command: ['x'], environment: { WORKERS: 2 } }));
  expect((await run(['sh', '-c', 'echo $HOST $WORKERS; pwd'])).out).toBe(`127.0.0.9 2\n${release}\n`);
});

describe('a command on a host with systemd', () => {
  const user = userInfo().username;
  const systemd = (properties: string) =>
    script('systemctl', `#!/bin/sh\nprintf 'LoadState=loaded\\n${properties}\\n'\n`);

  it('has the user and the environment of the unit of the role', async () => {
    const unit = join(folder, 'api.service');
    const file = join(folder, 'instance.env');
    await writeFile(file, 'HOST=127.0.0.9\n');
    await writeFile(
      unit,
      `[Service]\nEnvironment=HOST=0.0.0.0\nEnvironment="NOTE=100%% \\"sure\\""\nEnvironmentFile=-${file}\nExecStart=/bin/sh -c '.release-secrets.py'\n`,
    );
    await systemd(`User=${user}\\nFragmentPath=${unit}\\nMainPID=0`);
    expect(await run(['sh', '-c', 'echo $HOST $NOTE $USER'])).toMatchObject({
      out: `127.0.0.9 100% "sure" ${user}\n`,
      code: 0,
    });
  });

  it('has the environment of the running process where the unit is not of the role', async () => {
    const child = spawn('sleep', ['60'], { env: { OWN: 'yes', PATH: '/usr/bin:/bin' } });
    try {
      await writeFile(join(folder, 'other.service'), '[Service]\nExecStart=/usr/bin/other\n');
      await systemd(`User=\\nFragmentPath=${join(folder, 'other.service')}\\nMainPID=${child.pid}`);
      expect((await run(['sh', '-c', 'echo $OWN'])).out).toBe('yes\n');
    } finally {
      child.kill();
    }
  });
});

describe('the end of a command', () => {
  it.each([
    [['sh', '-c', 'exit 7'], 7],
    [['sh', '-c', 'exit 255'], 255],
    [['sh', '-c', 'kill -TERM $$'], 143],
    [['no-such-program'], 127],
    [['/etc/hostname'], 126],
  ])('is that of %j: %d', async (command, code) => {
    expect((await run(command)).code).toBe(code);
  });

  it('has both outputs in one when that is wanted', async () => {
    expect((await run(['sh', '-c', 'echo out; echo err >&2'], { merge: true })).out).toBe('out\nerr\n');
  });

  it('comes with everything that it has started when the connection is lost', async () => {
    const child = start(['sh', '-c', 'sleep 60 & echo $! >child; echo started; wait']);
    await once(child.stdout, 'data');
    const grandchild = Number(await readFile(join(release, 'child'), 'utf8'));
    child.stdin.end();
    expect((await once(child, 'exit'))[0]).toBe(143);
    await until(
      () => readFile(`/proc/${grandchild}/stat`, 'utf8').catch(() => 'gone'),
      (state) => state === 'gone' || / Z /.test(state),
    );
  });

  it('kills what ignores SIGTERM, although its leader has ended at once', async () => {
    const deaf =
      'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print("deaf", flush=True); time.sleep(90)';
    const child = start(['sh', '-c', `python3 -c '${deaf}' & echo $! >child; wait; true`]);
    await once(child.stdout, 'data');
    const grandchild = Number(await readFile(join(release, 'child'), 'utf8'));
    child.stdin.end();
    expect((await once(child, 'exit'))[0]).toBe(143);
    await until(
      () => readFile(`/proc/${grandchild}/stat`, 'utf8').catch(() => 'gone'),
      (state) => state === 'gone' || / Z /.test(state),
    );
  }, 20_000);
});
