import type { AppFiles } from './app-files.ts';
import type { Stack } from './stack.ts';

/** Folders that a site is usually in; `.` last, as it holds everything else, too. */
const places = ['public', 'dist', 'site', '_site', 'www', 'html', '.'];

/** Python is on every host that Ansible reaches. */
export const staticStart = (folder: string): string =>
  `python3 -u -m http.server "$PORT" --bind "$HOST" --directory ${folder}`;

/** A site of files; undefined without an index.html. */
export async function detectStatic(files: AppFiles): Promise<Stack | undefined> {
  const index = await files.first(places.map((place) => `${place}/index.html`));
  if (index === undefined) return undefined;
  const folder = index.slice(0, -'/index.html'.length);
  return {
    technology: 'static',
    seen: folder === '.' ? 'index.html' : index,
    start: staticStart(folder),
    build: '',
    port: 8080,
    healthPath: '/',
    notes: [],
  };
}
