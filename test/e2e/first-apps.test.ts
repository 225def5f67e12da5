import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from './support/world.ts';

// What a person has who begins: apps of three kinds in one repository, and nothing that was written for the pipeline.
const site = '<title>the site</title>';
/** Listens on HOST and PORT, as any program can; nothing has to be fetched for it. */
const program = (answer: string) => `#!/usr/bin/python3
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'${answer}')
http.server.ThreadingHTTPServer((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()
`;
/** The app's folder, its listener's port, and what it answers. */
const apps = [
  { app: 'worker', listener: 8091, answer: 'hello from a virtual environment' },
  { app: 'site', listener: 8092, answer: site },
  { app: 'tool', listener: 8093, answer: 'hello from a program' },
];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-first-'));
  const write = async (file: string, text: string) => {
    await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
    await writeFile(path.join(dir, file), text);
  };
  await write('worker/requirements.txt', '# none\n');
  await write('worker/server.py', program('hello from a virtual environment'));
  await write('site/public/index.html', site);
  await write('tool/server', program('hello from a program'));
  await chmod(path.join(dir, 'tool/server'), 0o755);
  await execa('git', ['init', '--quiet', '--initial-branch=main'], { cwd: dir });
});
afterAll(async () => {
  await pipeline('local', 'down');
  await rm(dir, { recursive: true, force: true });
});

const pipeline = (...words: string[]) =>
  execa(process.execPath, [path.join(root, 'bin/pipeline.mjs'), ...words], {
    cwd: dir,
    env: { HOME: dir, PIPELINE_LOCAL_DIR: path.join(dir, '.pipeline/cloud'), AWS_ENDPOINT_URL: undefined },
    stdin: 'ignore',
    reject: false,
    all: true,
  });

async function done(...words: string[]): Promise<string> {
  const { exitCode, stdout, all } = await pipeline(...words);
  if (exitCode !== 0) throw new Error(`pipeline ${words.join(' ')} ended with ${exitCode}\n${all}`);
  return stdout;
}

it('apps in Python, of files, and of a program are released as init writes them', async () => {
  for (const { app, listener } of apps) {
    const size = ['--listener-port', `${listener}`, '--min', '1', '--max', '2'];
    await done('init', app, '--env', 'local', '--yes', '--source', app, ...size);
  }
  const author = ['-c', 'user.name=Team', '-c', 'user.email=team@example.invalid'];
  await execa('git', ['add', '--all'], { cwd: dir });
  await execa('git', [...author, 'commit', '--quiet', '--message', 'First'], { cwd: dir });

  const { loadBalancers } = JSON.parse(await done('local', 'up', '--json')) as {
    loadBalancers: { app: string; url: string }[];
  };
  for (const { app, answer } of apps) {
    expect(JSON.parse(await done('release', app, '--json'))).toMatchObject({ version: 'v1' });
    const url = loadBalancers.find((one) => one.app === app)?.url ?? '';
    expect(await (await fetch(`${url}/`)).text()).toBe(answer);
  }
}, 300_000);
