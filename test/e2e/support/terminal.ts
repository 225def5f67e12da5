import path from 'node:path';
import { debianPython } from '@golden-pipeline/shared/testing/debian-python';
import { until, withinAMinute } from '@golden-pipeline/shared/testing/until';
import { execa } from 'execa';

/** A command on a pseudo-terminal, whose session it leads. */
export class Terminal {
  /** How it ended, and what it had shown until its terminal was closed. */
  readonly ended: Promise<{ exitCode: number; shown: string }>;
  readonly #child;
  #shown = '';

  constructor(command: readonly string[], options: { cwd: string; env: Record<string, string | undefined> }) {
    this.#child = execa(debianPython, [path.join(import.meta.dirname, 'terminal.py'), ...command], {
      ...options,
      stdin: 'pipe',
      reject: false,
      stripFinalNewline: true,
    });
    this.#child.stdout.on('data', (text: Buffer) => {
      this.#shown += text.toString();
    });
    this.ended = this.#child.then(({ stdout }) => {
      const at = stdout.lastIndexOf('\n');
      return { exitCode: Number(stdout.slice(at + 1)), shown: stdout.slice(0, at) };
    });
  }

  /** Resolves once it has shown a text. */
  async shows(text: string): Promise<void> {
    await until(
      () => this.#shown,
      (shown) => shown.includes(text),
      withinAMinute,
    );
  }

  /** Presses keys. */
  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Closes it, as a lost connection does. */
  close(): void {
    this.#child.stdin.end();
  }

  kill(signal: NodeJS.Signals): unknown {
    return this.#child.kill(signal);
  }
}
