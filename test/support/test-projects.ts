import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const testFolder = join(root, 'test');

/** Imports of a file within the repository; what is imported from a package starts no cloud. */
const imports = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g;
/** Sources that start a local cloud. */
const startsCloud = (file: string) =>
  file === join(root, 'src/local-cloud/daemon/cloud.ts') ||
  file === join(testFolder, 'support/direct-cloud.ts') ||
  file.startsWith(join(root, 'src/local-cloud/direct/'));

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
      .map(([, path = '']) => resolve(dirname(file), path))
      .some((path) => startsCloud(path) || (path.startsWith(testFolder) && existsSync(path) && simulated(path)));
    known.set(file, found);
    return found;
  };
  const projects = { unit: [], simulated: [], e2e: [] } as ReturnType<typeof testProjects>;
  for (const name of readdirSync(testFolder, { recursive: true }).map(String).sort()) {
    if (!name.endsWith('.test.ts')) continue;
    const file = join(testFolder, name);
    const project = name.startsWith('e2e/') ? 'e2e' : simulated(file) ? 'simulated' : 'unit';
    projects[project].push(relative(root, file));
  }
  return projects;
}
