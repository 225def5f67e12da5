import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { treeMemory } from '../../packages/local-cloud/bench/support/memory.ts';

/** A shell whose only child holds that much memory, and says when it does. */
async function holding(mib: number) {
  const hold = `const held = Buffer.alloc(${mib} * 1024 * 1024, 1); console.log(held.length); setInterval(() => held[0], 1000)`;
  const shell = spawn('sh', ['-c', '"$0" -e "$1" & wait', process.execPath, hold], { detached: true });
  await once(shell.stdout, 'data');
  return {
    pid: shell.pid ?? 0,
    async end() {
      const ended = once(shell, 'exit');
      // The group, as the child would outlive the shell.
      process.kill(-(shell.pid ?? 0), 'SIGKILL');
      await ended;
    },
  };
}

it('the memory of a process includes its child processes', async () => {
  const mib = 64;
  const shell = await holding(mib);
  try {
    const { own, proportional, resident, processes } = await treeMemory(shell.pid);
    expect(processes).toBe(2);
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThan(mib);
    expect(proportional - own).toBeGreaterThan(mib);
    expect(resident).toBeGreaterThanOrEqual(proportional);
  } finally {
    await shell.end();
  }
});

it('the memory of an exited process is nothing', async () => {
  const short = spawn(process.execPath, ['--version']);
  await once(short, 'exit');
  expect(await treeMemory(short.pid ?? 0)).toMatchObject({ own: 0, proportional: 0, resident: 0 });
});
