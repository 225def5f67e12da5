import { execa } from 'execa';
import { expect, it } from 'vitest';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const linter = (await execa('ansible-lint', ['--version'], { reject: false })).exitCode === 0;

it.skipIf(!linter)(
  `Ansible content is clean under ansible-lint${linter ? '' : ' (skipped: ansible-lint is not installed)'}`,
  { timeout: 300_000 },
  async () => {
    const { exitCode, all } = await execa('ansible-lint', ['--nocolor', '--parseable'], {
      cwd: ansible,
      reject: false,
      all: true,
    });
    expect(exitCode, all).toBe(0);
  },
);
