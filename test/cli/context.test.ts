import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { useColor } from '../../src/cli/context.ts';
import { localCloudDir } from '../../src/composition/surroundings.ts';
import { projectDir } from '../../src/config/project-dir.ts';
import { Written } from './support/fake-context.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'context-'));
  mkdirSync(join(folder, 'pipelines'));
  mkdirSync(join(folder, 'services', 'api'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the project is the nearest parent folder with pipelines/, or the one in --project', () => {
  expect(projectDir({ cwd: join(folder, 'services', 'api') }, {})).toBe(folder);
  expect(projectDir({ cwd: '/' }, { project: folder })).toBe(folder);
  expect(projectDir({ cwd: join(folder, 'services') }, { project: '..' })).toBe(folder);
  expect(() => projectDir({ cwd: folder }, { project: 'services' })).toThrow('"services" is not a project');
});

test('the local cloud is in the project unless PIPELINE_LOCAL_DIR says otherwise', () => {
  expect(localCloudDir({ cwd: '/x', env: {} }, () => folder)).toBe(join(folder, '.pipeline', 'local'));
  expect(localCloudDir({ cwd: '/x', env: { PIPELINE_LOCAL_DIR: 'y' } }, () => folder)).toBe('/x/y');
});

test('colors are used only on a terminal that supports them', () => {
  const terminal = new Written(true);
  expect(useColor({ env: {} }, {}, terminal)).toBe(true);
  expect(useColor({ env: {} }, {}, new Written())).toBe(false);
  expect(useColor({ env: {} }, { color: false }, terminal)).toBe(false);
  expect(useColor({ env: { NO_COLOR: '1' } }, {}, terminal)).toBe(false);
  expect(useColor({ env: { TERM: 'dumb' } }, {}, terminal)).toBe(false);
});
