import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const source = path.join(import.meta.dirname, 'memory-folder.ts');

describe('memoryFolder', () => {
  let memory: string;
  beforeEach(() => {
    memory = mkdtempSync(path.join(tmpdir(), 'gp-memory-'));
  });
  afterEach(() => rmSync(memory, { recursive: true }));

  /** What a process of its own says of it. */
  const ask = async (needed = 1, where = memory) => {
    const program = `import { createJiti } from 'jiti';
      import { existsSync } from 'node:fs';
      const [, source, memory, needed] = process.argv;
      const { memoryFolder } = await createJiti(process.cwd()).import(source);
      const folder = memoryFolder(memory, Number(needed));
      console.log(JSON.stringify({ folder, there: existsSync(folder ?? ''), pid: process.pid }));`;
    const argv = ['--input-type=module', '--eval', program, source, where, `${needed}`];
    const { stdout } = await execa(process.execPath, argv);
    return JSON.parse(stdout) as { folder?: string; there: boolean; pid: number };
  };

  it('exists while the process lives, and is gone afterwards', async () => {
    const { folder, there } = await ask();
    expect({ there, inside: path.dirname(folder ?? '') }).toEqual({ there: true, inside: memory });
    expect(existsSync(folder ?? '')).toBe(false);
  });

  it('removes what a killed run has left, and nothing of a running one or of others', async () => {
    const gone = (await ask()).pid;
    const names = [`gp-${process.pid}-abc`, `gp-${gone}-abc`, 'other-1-abc'];
    for (const name of names) mkdirSync(path.join(memory, name));
    await ask();
    expect(readdirSync(memory).sort()).toEqual([names[0], names[2]]);
  });

  it.each([
    ['too little space', '.', 2 ** 60],
    ['no such file system', 'missing', 1],
  ])('is not available with %s', async (_why, below, needed) => {
    expect(await ask(needed, path.join(memory, below))).toEqual({ there: false, pid: expect.any(Number) });
  });
});
