import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const folders = ['test', 'packages/shared/test', 'packages/local-cloud/test'].map((folder) => join(root, folder));

/** Imports of a file within the repository, and of the local cloud's package; no other package starts a cloud. */
const imports = /\b(?:from|import)\s*\(?\s*'(\.[^']+|golden-pipeline-local-cloud)'/g;
/** Sources that start a local cloud. */
const cloud = join(root, 'packages/local-cloud/src');
const startsCloud = (file: string) =>
  file === join(cloud, 'daemon/cloud.ts') ||
  file.startsWith(join(cloud, 'direct/')) ||
  file === join(root, 'golden-pipeline-local-cloud');

/**
 * The project that each test file belongs to, as paths from the root. `simulated` are those that start a cloud, themselves
 * or through the fixtures that they import: read from their imports, so that no list has to be kept.
 */
export function testProjects(): Record<'unit' | 'simulated' | 'e2e', string[]> {
  const known = new Map<string, boolean>();
  const simulated = (file: string): boolean => {
    const before = known.get(file);
    if (before !== undefined) return before;
    // Imports may go in circles.
    known.set(file, false);
    const found = [...readFileSync(file, 'utf8').matchAll(imports)]
      .map(([, path = '']) => resolve(path.startsWith('.') ? dirname(file) : root, path))
      .some((path) => startsCloud(path) || (isTest(path) && existsSync(path) && simulated(path)));
    known.set(file, found);
    return found;
  };
  const projects = { unit: [], simulated: [], e2e: [] } as ReturnType<typeof testProjects>;
  for (const file of folders.flatMap(testsBelow)) {
    const name = relative(root, file);
    const project = name.startsWith('test/e2e/') ? 'e2e' : simulated(file) ? 'simulated' : 'unit';
    projects[project].push(name);
  }
  return projects;
}

const isTest = (path: string) => folders.some((folder) => path.startsWith(folder));

function testsBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  return names.filter((name) => name.endsWith('.test.ts')).map((name) => join(folder, name));
}
