import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectStack } from '../../../src/project/stack/detect.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gp-stack-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is detected in a folder with these files. */
function detect(files: Record<string, string | object>) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return detectStack(folder);
}

describe('a Node app', () => {
  it('with npm is started by the command of its start script, on the port and health route of its source', async () => {
    const found = await detect({
      'package.json': { scripts: { start: 'node src/server.js', test: 'vitest' }, dependencies: { express: '5' } },
      'package-lock.json': '{}',
      'src/server.js': "app.get('/healthz', ok); app.listen(process.env.PORT || 4321, process.env.HOST)",
    });
    expect(found).toEqual({
      technology: 'node',
      seen: 'package.json (Express, npm)',
      start: 'node src/server.js',
      build: 'npm ci --omit=dev --no-audit --no-fund',
      port: 4321,
      healthPath: '/healthz',
      environment: { NODE_ENV: 'production' },
      notes: [],
    });
  });

  it('that does not read HOST and PORT gets a note', async () => {
    const found = await detect({
      'package.json': { main: 'index.js' },
      'index.js': 'http.createServer(f).listen(8081)',
    });
    expect(found).toMatchObject({
      start: 'node index.js',
      port: 8081,
      build: expect.stringMatching(/^npm install --omit=dev/),
    });
    expect(found?.notes.join()).toContain('does not seem to read HOST and PORT');
  });

  it.each([
    [
      'packageManager pnpm@9.1.2',
      { packageManager: 'pnpm@9.1.2' },
      {},
      'npx --yes pnpm@9.1.2 install --frozen-lockfile --prod',
    ],
    ['a pnpm lock file', {}, { 'pnpm-lock.yaml': '' }, 'npx --yes pnpm@latest install --frozen-lockfile --prod'],
    ['a yarn lock file', {}, { 'yarn.lock': '' }, 'npx --yes yarn@1 install --frozen-lockfile --production'],
    [
      'packageManager yarn@4.5.0',
      { packageManager: 'yarn@4.5.0' },
      {},
      'npx --yes @yarnpkg/cli-dist@4.5.0 install --immutable',
    ],
  ])('with %s is installed by that package manager', async (_what, more, files, build) => {
    const found = await detect({ 'package.json': { main: 'server.js', ...more }, 'server.js': 'HOST PORT', ...files });
    expect(found?.build).toBe(build);
  });

  it('with a build script is built with its development packages, which are removed again', async () => {
    const found = await detect({
      'package.json': { scripts: { build: 'next build', start: 'next start' }, dependencies: { next: '15' } },
      'package-lock.json': '{}',
    });
    expect(found).toMatchObject({
      seen: 'package.json (Next.js, npm)',
      start: 'node_modules/.bin/next start --hostname "$HOST" --port "$PORT"',
      build: 'npm ci --include=dev --no-audit --no-fund && npm run build && npm prune --omit=dev',
      healthPath: '/',
    });
  });

  it.each([
    [{ scripts: { migrate: 'node migrate.js' } }, ['npm', 'run', 'migrate']],
    [{ dependencies: { prisma: '6' } }, ['npx', '--no-install', 'prisma', 'migrate', 'deploy']],
    [
      { dependencies: { knex: '3' }, devDependencies: { prisma: '6' } },
      ['npx', '--no-install', 'knex', 'migrate:latest'],
    ],
    [
      { scripts: { migrate: 'tsx migrate.ts' }, devDependencies: { tsx: '4' }, dependencies: { tsx: '4' } },
      ['npm', 'run', 'migrate'],
    ],
    // Its installation keeps the development dependencies.
    [
      { packageManager: 'yarn@4.5.0', devDependencies: { prisma: '6' } },
      ['npx', '--no-install', 'prisma', 'migrate', 'deploy'],
    ],
  ])('with %j has a migration', async (manifest, migrate) => {
    expect(await detect({ 'package.json': { main: 'a.js', ...manifest }, 'a.js': '' })).toMatchObject({ migrate });
  });

  it.each([
    ['prisma', { devDependencies: { prisma: '6' } }],
    ['sequelize-cli', { scripts: { build: 'tsc' }, devDependencies: { 'sequelize-cli': '6' } }],
    ['tsx', { scripts: { migrate: 'NODE_ENV=production npx tsx migrate.ts' }, devDependencies: { tsx: '4' } }],
    [
      'sequelize-cli',
      {
        scripts: { migrate: 'sequelize db:migrate' },
        dependencies: { sequelize: '6' },
        devDependencies: { 'sequelize-cli': '6' },
      },
    ],
    ['typescript', { scripts: { migrate: 'tsc && node dist/up.js' }, devDependencies: { typescript: '5' } }],
  ])(
    'whose build removes %s has no migration, and a note that it must be among the dependencies',
    async (name, manifest) => {
      const found = await detect({ 'package.json': { main: 'a.js', ...manifest }, 'a.js': 'HOST PORT' });
      expect(found).not.toHaveProperty('migrate');
      expect(found?.notes).toEqual([
        expect.stringContaining(`move ${name} from devDependencies to dependencies before release.migrate runs`),
      ]);
    },
  );

  it('whose package.json is broken, or for tools only, is not one', async () => {
    expect(await detect({ 'package.json': '{' })).toBeUndefined();
    expect(await detect({ 'package.json': { devDependencies: { 'golden-pipeline': '1' } } })).toBeUndefined();
  });
});

describe('a Python app', () => {
  it('with Flask is served by gunicorn, which is installed when the requirements lack it', async () => {
    const found = await detect({
      'requirements.txt': 'flask==3.0\n',
      'shop/app.py': "app = Flask(__name__)\n@app.get('/health')\ndef health(): return ''\n",
      // Of the package itself, where it was installed for the tools only.
      'package.json': { devDependencies: { 'golden-pipeline': '1' } },
    });
    expect(found).toMatchObject({
      technology: 'python',
      seen: 'requirements.txt (Flask, pip)',
      start: '.venv/bin/gunicorn --bind "$HOST:$PORT" shop.app:app',
      build: 'python3 -m venv .venv && .venv/bin/pip install --no-input -r requirements.txt gunicorn',
      port: 8000,
      healthPath: '/health',
    });
    expect(found?.notes).toEqual([expect.stringContaining('gunicorn is not among the requirements')]);
  });

  it('with FastAPI is served by uvicorn', async () => {
    const found = await detect({ 'requirements.txt': 'fastapi\nuvicorn[standard]\n', 'main.py': 'api = FastAPI()\n' });
    expect(found).toMatchObject({ start: '.venv/bin/uvicorn --host "$HOST" --port "$PORT" main:api', notes: [] });
    expect(found?.build).toMatch(/-r requirements.txt$/);
  });

  it('with Django has its wsgi module and its migrations', async () => {
    const found = await detect({ 'requirements.txt': 'Django\ngunicorn\n', 'manage.py': '', 'site1/wsgi.py': '' });
    expect(found).toMatchObject({
      start: '.venv/bin/gunicorn --bind "$HOST:$PORT" site1.wsgi',
      migrate: ['.venv/bin/python', 'manage.py', 'migrate', '--noinput'],
    });
  });

  it.each([
    ['uv.lock', 'uv', '.venv/bin/uv sync --frozen --no-dev --inexact'],
    ['poetry.lock', 'poetry', '.venv/bin/poetry install --only main'],
  ])('with %s is installed by %s', async (lock, by, command) => {
    const found = await detect({
      'pyproject.toml': '[project]\ndependencies = ["gunicorn"]',
      [lock]: '',
      'app.py': 'app = Flask()',
    });
    expect(found?.seen).toContain(by);
    expect(found?.build).toContain(command);
  });

  it('without a framework is started by its file', async () => {
    const found = await detect({
      'requirements.txt': '',
      'server.py': "int(os.environ.get('PORT', 9000)), os.environ['HOST']",
    });
    expect(found).toMatchObject({ start: '.venv/bin/python server.py', port: 9000, notes: [] });
  });
});

it('a Ruby app with Rails and Puma is detected, with its assets and migrations', async () => {
  const found = await detect({
    Gemfile: "gem 'rails'\ngem \"puma\"\ngem 'propshaft'\n",
    'package.json': { main: 'x.js' },
  });
  expect(found).toMatchObject({
    technology: 'ruby',
    seen: 'Gemfile (Rails)',
    start: 'bundle exec puma --bind "tcp://$HOST:$PORT"',
    build: expect.stringMatching(/bundle install && .*assets:precompile$/),
    port: 3000,
    healthPath: '/up',
    environment: { RACK_ENV: 'production', RAILS_ENV: 'production' },
    migrate: ['bundle', 'exec', 'rails', 'db:migrate'],
  });
});

it('a Go module is built on the host', async () => {
  const source = 'http.ListenAndServe(os.Getenv("HOST")+":"+os.Getenv("PORT"), nil) // ":8090"';
  const found = await detect({ 'go.mod': 'module shop', 'main.go': source });
  expect(found).toMatchObject({ technology: 'binary', start: './server', build: 'go build -o server .' });
  expect(found?.notes.join()).toContain('hosts need Go');
});

it('a program in the folder is started as it is', async () => {
  writeFileSync(join(folder, 'server'), '');
  chmodSync(join(folder, 'server'), 0o755);
  expect(await detect({ 'README.md': '' })).toMatchObject({ technology: 'binary', start: './server', build: '' });
});

it.each([
  ['index.html', '.'],
  ['public/index.html', 'public'],
])('a site with %s is served from %s', async (file, served) => {
  expect(await detect({ [file]: '<h1>' })).toMatchObject({
    technology: 'static',
    start: `python3 -u -m http.server "$PORT" --bind "$HOST" --directory ${served}`,
    healthPath: '/',
  });
});

it('a site that Vite builds is served from its output', async () => {
  const found = await detect({ 'package.json': { scripts: { build: 'vite build' }, devDependencies: { vite: '7' } } });
  expect(found).toMatchObject({ technology: 'static', start: expect.stringContaining('--directory dist') });
});

it('an empty folder, or one that does not exist, suggests nothing', async () => {
  expect(await detect({})).toBeUndefined();
  expect(await detectStack(join(folder, 'gone'))).toBeUndefined();
});
