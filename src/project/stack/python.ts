import type { AppFiles } from './app-files.ts';
import { listenNotes, readClues } from './source-clues.ts';
import type { Stack } from './stack.ts';

const venv = 'python3 -m venv .venv && .venv/bin/pip install --no-input';

/** An app with requirements.txt, pyproject.toml or manage.py; undefined for another one. */
export async function detectPython(files: AppFiles): Promise<Stack | undefined> {
  const file = await files.first(['uv.lock', 'poetry.lock', 'requirements.txt', 'pyproject.toml', 'manage.py']);
  if (file === undefined) return undefined;
  const project = await files.read('pyproject.toml');
  const wanted = `${await files.read('requirements.txt')}\n${project}`.toLowerCase();
  const uses = (name: string) => new RegExp(`(^|["'\\s])${name}\\b`, 'm').test(wanted);
  const sources = await files.sources(/\.py$/);
  const server = await serverOf(files, sources, uses);
  const { build, by } = installOf(file, project, server.needs !== undefined && !uses(server.needs) ? server.needs : '');
  const clues = await readClues(files, /\.py$/);
  const migrate = (await migrationOf(files, uses))?.map((word, index) => (index === 0 ? `.venv/bin/${word}` : word));
  return {
    technology: 'python',
    seen: `${file} (${[server.name, by].filter(Boolean).join(', ')})`,
    start: server.start,
    build,
    port: clues.port ?? 8000,
    ...(clues.healthPath && { healthPath: clues.healthPath }),
    environment: { PYTHONUNBUFFERED: '1' },
    ...(migrate && { migrate }),
    notes: [
      ...(server.needs !== undefined && !uses(server.needs)
        ? [
            `${server.needs} is not among the requirements: add it there with a version, or it is installed in its newest one`,
          ]
        : []),
      ...(server.needs === undefined ? listenNotes(clues) : []),
    ],
  };
}

interface Server {
  name?: string;
  start: string;
  /** The package that serves, if the framework does not. */
  needs?: 'gunicorn' | 'uvicorn';
}

async function serverOf(
  files: AppFiles,
  sources: readonly [path: string, text: string][],
  uses: (name: string) => boolean,
): Promise<Server> {
  const gunicorn = (app: string) => `.venv/bin/gunicorn --bind "$HOST:$PORT" ${app}`;
  if (await files.has('manage.py')) {
    const wsgi = sources.find(([path]) => /(^|\/)wsgi\.py$/.test(path))?.[0];
    const module = wsgi === undefined ? 'project.wsgi' : moduleOf(wsgi);
    return { name: 'Django', start: gunicorn(module), needs: 'gunicorn' };
  }
  const asgi = instanceOf(sources, 'FastAPI|Starlette|Litestar|Quart');
  if (asgi) {
    const start = `.venv/bin/uvicorn --host "$HOST" --port "$PORT" ${asgi.app}`;
    return { name: asgi.kind, start, needs: 'uvicorn' };
  }
  const wsgi = instanceOf(sources, 'Flask|Bottle');
  if (wsgi) return { name: wsgi.kind, start: gunicorn(wsgi.app), needs: 'gunicorn' };
  const factory = sources.find(([, text]) => /^def create_app\(\s*\)/m.test(text));
  if (factory && uses('flask')) {
    return { name: 'Flask', start: gunicorn(`'${moduleOf(factory[0])}:create_app()'`), needs: 'gunicorn' };
  }
  const file = await files.first(['app.py', 'main.py', 'server.py', 'run.py', 'src/main.py', 'src/app.py']);
  return { start: `.venv/bin/python ${file ?? '-m app'}` };
}

/** Where an application object is made: `app = FastAPI(` in main.py is `main:app`. */
function instanceOf(
  sources: readonly [path: string, text: string][],
  kinds: string,
): { kind: string; app: string } | undefined {
  const pattern = new RegExp(`^(\\w+)\\s*(?::[^=\\n]+)?=\\s*(?:\\w+\\.)?(${kinds})\\(`, 'm');
  for (const [path, text] of sources) {
    const [, name, kind] = pattern.exec(text) ?? [];
    if (name && kind) return { kind, app: `${moduleOf(path)}:${name}` };
  }
  return undefined;
}

/** `shop/wsgi.py` is `shop.wsgi`. */
const moduleOf = (path: string): string =>
  path
    .replace(/\.py$/, '')
    .replace(/\/__init__$/, '')
    .replaceAll('/', '.');

function installOf(file: string, project: string, extra: string): { build: string; by: string } {
  const also = extra === '' ? '' : ` ${extra}`;
  const then = extra === '' ? '' : ` && .venv/bin/pip install --no-input${also}`;
  if (file === 'uv.lock') {
    const sync = '.venv/bin/uv sync --frozen --no-dev --inexact';
    return { by: 'uv', build: `${venv} uv && ${sync}${then}` };
  }
  if (file === 'poetry.lock' || (file === 'pyproject.toml' && /^\[tool\.poetry\]/m.test(project))) {
    const install = 'VIRTUAL_ENV="$PWD/.venv" .venv/bin/poetry install --only main --no-root --no-interaction';
    return { by: 'poetry', build: `${venv} poetry && ${install}${then}` };
  }
  if (file === 'requirements.txt') return { by: 'pip', build: `${venv} -r requirements.txt${also}` };
  return {
    by: 'pip',
    build: `${venv}${file === 'pyproject.toml' ? ' .' : ''}${also || (file === 'pyproject.toml' ? '' : ' django')}`,
  };
}

async function migrationOf(files: AppFiles, uses: (name: string) => boolean): Promise<string[] | undefined> {
  if (await files.has('manage.py')) return ['python', 'manage.py', 'migrate', '--noinput'];
  if (uses('flask-migrate')) return ['flask', 'db', 'upgrade'];
  return (await files.has('alembic.ini')) ? ['alembic', 'upgrade', 'head'] : undefined;
}
