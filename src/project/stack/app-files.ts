import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders that are not the app's own source. */
const foreign = /^(\.|node_modules$|vendor$|venv$|__pycache__$|dist$|build$|target$|pipelines$|ansible$|tests?$)/;
/** More than these are not read: proposals must come at once in a repository of any size. */
const maxFiles = 300;
const maxBytes = 200_000;
const maxDepth = 4;

/** The files of an app as the detection reads them. Whatever cannot be read counts as absent: a proposal is not worth an error. */
export class AppFiles {
  readonly #folder: string;
  #sources: Promise<Map<string, string>> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async has(path: string): Promise<boolean> {
    return stat(join(this.#folder, path)).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** The first of these files that is there. */
  async first(paths: readonly string[]): Promise<string | undefined> {
    for (const path of paths) if (await this.has(path)) return path;
    return undefined;
  }

  /** The text of a file; '' when there is none. */
  async read(path: string): Promise<string> {
    return (await this.has(path)) ? readFile(join(this.#folder, path), 'utf8').catch(() => '') : '';
  }

  /** Programs in the folder itself that can be run, sorted. */
  async programs(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const found = await Promise.all(
      names.map(async (name) => {
        const info = await stat(join(this.#folder, name)).catch(() => undefined);
        return info?.isFile() && (info.mode & 0o111) !== 0 ? [name] : [];
      }),
    );
    return found.flat().sort();
  }

  /** Source files with such an ending by their paths, those near the top first; a part of them in a large repository. */
  async sources(ending: RegExp): Promise<[path: string, text: string][]> {
    this.#sources ??= this.#readSources();
    return [...(await this.#sources)].filter(([path]) => ending.test(path));
  }

  async #readSources(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    let level = [''];
    for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
      const next: string[] = [];
      for (const folder of level) {
        const entries = await readdir(join(this.#folder, folder), { withFileTypes: true }).catch(() => []);
        for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
          const path = join(folder, entry.name);
          if (entry.isDirectory() && !foreign.test(entry.name)) next.push(path);
          if (!entry.isFile() || !/\.(m?[jt]sx?|cjs|py|rb|ru|go)$/.test(entry.name) || found.size >= maxFiles) continue;
          const size = (await stat(join(this.#folder, path)).catch(() => undefined))?.size ?? maxBytes;
          if (size < maxBytes) found.set(path, await this.read(path));
        }
      }
      level = next;
    }
    return found;
  }
}
