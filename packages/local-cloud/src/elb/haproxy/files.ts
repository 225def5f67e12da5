import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Longest folder for sockets: a path may have 107 characters, and HAProxy binds `<path>.<pid>.tmp` first. */
const longestSocketFolder = 70;

/** The folder HAProxy runs in: configuration, maps, pages; sockets elsewhere when its path is too long for them. */
export class HaproxyFiles {
  #sockets: string;
  #generation = 0;

  constructor(readonly dir: string) {
    for (const folder of ['maps', 'pages']) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
    this.#sockets = dir.length <= longestSocketFolder ? dir : mkdtempSync(join(tmpdir(), 'lb-'));
  }

  /** Each worker has its own socket, so that whoever connects knows whom it talks to. */
  get workerSocket(): string {
    return join(this.#sockets, `w${this.#generation}.sock`);
  }

  get masterSocket(): string {
    return join(this.#sockets, 'm.sock');
  }

  /** Turns to the next worker's socket; the former one's is removed once it is not needed (see `forget`). */
  next(): string {
    const former = this.workerSocket;
    this.#generation++;
    return former;
  }

  /** Takes `next` back after a reload that failed. */
  back(): void {
    this.#generation--;
  }

  forget(socket: string): void {
    rmSync(socket, { force: true });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text, { mode: 0o600 });
  }

  read(name: string): string | undefined {
    const path = join(this.dir, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  /** Removes the sockets, and their folder if it is ours. */
  close(): void {
    rmSync(this.workerSocket, { force: true });
    rmSync(this.masterSocket, { force: true });
    if (this.#sockets !== this.dir) rmSync(this.#sockets, { recursive: true, force: true });
  }
}
