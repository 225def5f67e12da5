import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { machineLayout } from '../../src/machines/layout.ts';
import { machineEnvironment } from '../../src/machines/machine-environment.ts';
import { isAlive, ownerMark, processRef, sweep } from '../../src/machines/process-table.ts';
import { readyFd, sandboxArguments, statusFd } from '../../src/machines/sandbox-command.ts';
import { SandboxDriver } from '../../src/machines/sandbox-driver.ts';
import { clock, eventually, exec, SandboxFixture } from './support/sandbox-fixture.ts';

/** Host processes whose arguments name the folder. */
async function processesOf(dir: string): Promise<string[]> {
  const { stdout } = await exec('ps', ['-eo', 'pid=,stat=,args=']);
  return stdout.split('\n').filter((line) => line.includes(dir) && !/^\s*\d+\s+Z/.test(line));
}

it('leaves no machine behind when the daemon is killed', async () => {
  const fixture = await SandboxFixture.open();
  try {
    const spec = fixture.spec();
    const source = `
      import { SandboxDriver } from ${JSON.stringify(new URL('../../src/machines/sandbox-driver.ts', import.meta.url).pathname)};
      import { systemClock } from ${JSON.stringify(new URL('../../../shared/src/clock.ts', import.meta.url).pathname)};
      const driver = new SandboxDriver({ dir: ${JSON.stringify(fixture.dir)}, clock: systemClock() });
      const spec = ${JSON.stringify(spec)};
      await driver.create(spec);
      await driver.boot(spec);
      console.log('booted');
    `;
    const { build } = await import('esbuild');
    const outfile = join(fixture.dir, 'daemon.mjs');
    await build({
      stdin: { contents: source, loader: 'ts', resolveDir: '/' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
    });
    const daemon = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(daemon.stdout, 'data');
    expect(await processesOf(`${fixture.dir}/machines`)).not.toEqual([]);
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    // The next daemon boots the same machine on the same address.
    const next = new SandboxDriver({ dir: fixture.dir, clock });
    await next.boot(spec);
    expect(await fixture.ssh(spec, 'hostname')).toBe(`${spec.hostname}\n`);
    await next.close();
    await eventually(async () => (await processesOf(`${fixture.dir}/machines`)).length === 0);
  } finally {
    await fixture.close();
  }
});

it('ends recorded processes only if they are the very same', async () => {
  const fixture = await SandboxFixture.open();
  const orphan = spawn('sleep', ['60'], { stdio: 'ignore' });
  const innocent = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    const refs = [orphan, innocent].map((child) => processRef(child.pid ?? 0));
    const home = join(fixture.dir, 'machines', 'i-1');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'processes.json'), JSON.stringify([refs[0], { ...refs[1], start: '1' }, { pid: 'x' }]));
    const ended = once(orphan, 'exit');
    expect(sweep(fixture.dir)).toEqual([refs[0]]);
    expect((await ended)[1]).toBe('SIGKILL');
    expect(refs[1] && isAlive(refs[1])).toBe(true);
    await writeFile(join(home, 'processes.json'), 'not JSON');
    expect(sweep(fixture.dir)).toEqual([]);
  } finally {
    orphan.kill('SIGKILL');
    innocent.kill('SIGKILL');
    await fixture.close();
  }
});

it('ends what a daemon had no time to write down, by the folder that it was started for', async () => {
  const fixture = await SandboxFixture.open();
  const start = (dir: string) =>
    spawn('sh', ['-c', 'sleep 61 & echo $!; wait'], {
      env: { ...process.env, ...ownerMark(dir) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const left = start(fixture.dir);
  const neighbor = start(`${fixture.dir}-2`);
  try {
    const refs = await Promise.all(
      [left, neighbor].map(async (shell) => {
        const [line] = await once(shell.stdout, 'data');
        return [processRef(shell.pid ?? 0), processRef(Number(line))];
      }),
    );
    const [ours = [], theirs = []] = refs;
    expect([...ours, ...theirs].filter((ref) => ref && isAlive(ref))).toHaveLength(4);
    expect(sweep(fixture.dir)).toEqual(expect.arrayContaining(ours));
    await eventually(async () => ours.every((ref) => ref && !isAlive(ref)));
    expect(theirs.every((ref) => ref && isAlive(ref))).toBe(true);
    expect(sweep(fixture.dir)).toEqual([]);
  } finally {
    sweep(fixture.dir);
    sweep(`${fixture.dir}-2`);
    await fixture.close();
  }
});

it('a machine ends at its boot when the daemon that waits for it is dead', async () => {
  const fixture = await SandboxFixture.open();
  try {
    const spec = fixture.spec();
    const driver = new SandboxDriver({ dir: fixture.dir, clock });
    await driver.create(spec);
    await driver.boot(spec);
    await driver.shutdown(spec.instanceId, 2000);
    // Again, as one whose daemon was killed before the sandbox asked to die with it: nobody reads what the init says.
    const layout = machineLayout(fixture.dir, spec.instanceId);
    const options = { asRoot: process.getuid?.() === 0, nodePrefix: machineEnvironment(process.env).nodePrefix };
    const sandbox = spawn('bwrap', sandboxArguments(layout, spec.hostname, options), {
      env: machineEnvironment(process.env).variables,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const ended = once(sandbox, 'exit');
    sandbox.stdio[readyFd]?.destroy();
    // The init has run, and it has not gone on.
    const [said] = await once(createInterface(sandbox.stdio[statusFd] as Readable), 'line');
    expect(JSON.parse(said)).toMatchObject({ 'child-pid': expect.any(Number) });
    expect(await ended).toEqual([1, null]);
    expect(await processesOf(`${fixture.dir}/machines`)).toEqual([]);
    await driver.close();
  } finally {
    await fixture.close();
  }
});
