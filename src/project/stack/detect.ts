import { AppFiles } from './app-files.ts';
import { detectBinary } from './binary.ts';
import { detectNode } from './node.ts';
import { detectPython } from './python.ts';
import { detectRuby } from './ruby.ts';
import type { Stack, Technology } from './stack.ts';
import { detectStatic, staticStart } from './static.ts';

/** In this order: a Python or Ruby app often has a package.json for its assets, and every app may have an index.html. */
const detectors = [detectRuby, detectPython, detectNode, detectBinary, detectStatic];

/**
 * What the files in an app's folder say of how it is installed and started; undefined when they say nothing.
 * @param technology Only this one is looked for, as it is known.
 */
export async function detectStack(folder: string, technology?: Technology): Promise<Stack | undefined> {
  const files = new AppFiles(folder);
  for (const detect of detectors) {
    const stack = await detect(files);
    if (stack && (technology === undefined || stack.technology === technology)) return stack;
  }
  return undefined;
}

/** What is proposed for an app whose files say nothing: an example of each kind to change. */
export const exampleStacks: Readonly<Record<Technology, Omit<Stack, 'port' | 'seen'>>> = {
  node: {
    technology: 'node',
    start: 'node server.js',
    build: 'npm ci --omit=dev --no-audit --no-fund',
    environment: { NODE_ENV: 'production' },
    notes: [],
  },
  python: {
    technology: 'python',
    start: '.venv/bin/gunicorn --bind "$HOST:$PORT" app:app',
    build: 'python3 -m venv .venv && .venv/bin/pip install --no-input -r requirements.txt',
    environment: { PYTHONUNBUFFERED: '1' },
    notes: [],
  },
  ruby: {
    technology: 'ruby',
    start: 'bundle exec puma --bind "tcp://$HOST:$PORT"',
    build: 'bundle config set --local path vendor/bundle && bundle install',
    environment: { RACK_ENV: 'production' },
    notes: [],
  },
  static: { technology: 'static', start: staticStart('public'), build: '', notes: [] },
  binary: { technology: 'binary', start: './server', build: '', notes: [] },
};
