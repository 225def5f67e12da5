import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tells } from './support/events.ts';
import { expectWhole, type Status } from './support/fleet.ts';
import { goldenWorld } from './support/golden.ts';
import { Load, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await goldenWorld();
  await world.up();
});
afterAll(() => world?.close());

const status = (app: string) => world.json<Status>('status', app);

/** The process that serves on each instance: a restart changes its pid. */
async function pids(app: string): Promise<Record<string, number>> {
  const { instances } = await status(app);
  const read = instances.map(async ({ id, address }) => {
    const response = await fetch(`http://${address}:${app === 'api' ? 3000 : 3200}/version`, {
      headers: { connection: 'close' },
    });
    return [id, ((await response.json()) as { pid: number }).pid] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** Does something while requests go on, none of which may fail. */
async function underLoad<T>(app: string, work: () => Promise<T>, rate?: number): Promise<T> {
  const load = new Load(world.url(app), rate);
  await load.warm();
  const done = await work();
  const total = await load.stop();
  expect(total.failed, JSON.stringify(total.failures)).toBe(0);
  return done;
}

describe('a restart of a service that takes over from itself, under load', () => {
  it('starts every process anew without a failed request, on the same instances and the same version', async () => {
    const before = await pids('api');
    const { stdout, stderr } = await underLoad('api', () => world.done('restart', 'api', '--batch', '2', '--json'));
    expect(JSON.parse(stdout)).toMatchObject({ operation: 'restart', outcome: 'done', instances: 4, inPlace: true });
    expect(stderr).toContain('the service of 4 instances was restarted');
    const after = await pids('api');
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    for (const [id, pid] of Object.entries(after)) expect(pid, id).not.toBe(before[id]);
    await expectWhole(world, 'v1');
  });

  it('leaves all other instances alone when one is named', async () => {
    const before = await pids('api');
    const [named = '', ...others] = Object.keys(before);
    await underLoad('api', () => world.done('restart', 'api', '--instance', named));
    const after = await pids('api');
    expect(after[named]).not.toBe(before[named]);
    for (const id of others) expect(after[id]).toBe(before[id]);
    const unknown = await world.pipeline('restart', 'api', '--instance', 'i-0123456789abcdef0');
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is not an instance of api-local') });
  });

  it('has nothing to release afterwards, as the version is still the one of the commit', async () => {
    const { stdout } = await world.done('release', 'api');
    expect(stdout).toMatch(/^nothing to release: api v1 \([0-9a-f]{12} "The first version"\) serves in local already/);
    expect((await world.json<unknown[]>('images', 'api')).length).toBe(1);
  });
});

describe('a restart through Standby, under load', () => {
  it('takes one instance after the other out of the load balancer, and returns it', async () => {
    await world.edit(
      'examples/frontend/server.py',
      'return self.answer(200, release())',
      "return self.answer(200, {**release(), 'pid': os.getpid()})",
    );
    await world.project.commit('Show the process');
    await world.done('release', 'frontend');
    const before = await pids('frontend');
    const events = path.join(world.dir, 'restart.ndjson');
    const { stdout } = await underLoad(
      'frontend',
      () => world.done('restart', 'frontend', '--json', '--events', events),
      100,
    );
    expect(JSON.parse(stdout)).toMatchObject({ instances: 2, inPlace: false, outcome: 'done' });
    const after = await pids('frontend');
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    for (const [id, pid] of Object.entries(after)) expect(pid, id).not.toBe(before[id]);
  });

  it('is resumed by `pipeline resume` alone after its process was killed', async () => {
    const before = await pids('frontend');
    const events = path.join(world.dir, 'killed.ndjson');
    const ended = await underLoad(
      'frontend',
      async () => {
        const killed = world.start('restart', 'frontend', '--events', events);
        await tells(events, (event) => event.code === 'change.intent' && event.action === 'restart-service');
        killed.kill('SIGKILL');
        await killed;
        return world.pipeline('resume');
      },
      100,
    );
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(
      /^run \S+: frontend in local, "pipeline restart frontend .*" by .*: its process has crashed/m,
    );
    expect(await status('frontend')).toMatchObject({ desired: 2, healthy: 2, lock: null });
    for (const [id, pid] of Object.entries(await pids('frontend'))) expect(pid, id).not.toBe(before[id]);
    expect((await world.pipeline('resume', '--env', 'local')).stdout).toContain('nothing to resume');
  });
});
