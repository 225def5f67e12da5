import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainPlaybook } from './support/plain-playbook.ts';
import { visit } from './support/visit.ts';
import { Load, World } from './support/world.ts';

let world: World;
let frontend: string;

beforeAll(async () => {
  world = await World.create();
  await world.up();
  frontend = world.url('frontend');
});
afterAll(() => world?.close());

describe('the maintenance page of a site', () => {
  const version = async () =>
    JSON.parse((await visit(`${frontend}/version`, { 'x-golden-validation': 'fleet' })).body).version;

  it('is on during releases, and is removed again', async () => {
    await world.done('release', 'frontend');
    expect((await visit(`${frontend}/`)).body).toContain('Tickets for everybody');
    await world.done('frontend', 'maintenance-on');
    expect(await visit(`${frontend}/`)).toMatchObject({
      status: 503,
      body: expect.stringContaining('back in a moment'),
    });
    expect(await version()).toBe('v1');

    await world.done('release', 'frontend', '--again');
    expect(await version()).toBe('v2');
    expect((await visit(`${frontend}/anything`)).status).toBe(503);

    await world.done('frontend', 'maintenance-off');
    expect(await visit(`${frontend}/`)).toMatchObject({ status: 200, body: expect.stringContaining('Tickets') });
  });

  it('with a duration does not hold the lock, and is removed automatically', async () => {
    const timed = world.done('frontend', 'maintenance-on', '--for', '30s');
    const visitor = async () => (await visit(`${frontend}/`)).status;
    await expect.poll(visitor, { timeout: 30_000 }).toBe(503);
    await expect
      .poll(async () => (await world.json<{ lock: unknown }>('status', 'frontend')).lock, { timeout: 15_000 })
      .toBeNull();
    expect((await world.done('status', 'frontend')).stdout).toMatch(/^maintenance page: on until /m);
    expect((await timed).stdout).toMatch(/page-on +done[\s\S]*page-off +done/);
    expect(await visitor()).toBe(200);
  });

  it('shows its plan and changes nothing with --dry-run', async () => {
    const { stdout } = await world.done('frontend', 'maintenance-on', '--for', '30m', '--dry-run');
    expect(stdout).toContain('for 1800 s');
    expect((await visit(`${frontend}/`)).status).toBe(200);
  });
});

describe('a playbook that does not apply the release role', () => {
  it('is refused, and nothing is changed, until it is declared', async () => {
    await writeFile(path.join(world.project.dir, 'ansible/frontend.yml'), plainPlaybook);
    await world.project.commit('A playbook of our own');
    const { exitCode, stderr } = await world.pipeline('release', 'frontend');
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain("kind: 'plain'");
  });

  it('releases twice under load without a failed request, and each release shows itself', async () => {
    const [from, to] = ["'ansible/frontend.yml' }", "'ansible/frontend.yml', kind: 'plain', groups: ['webservers'] }"];
    await world.edit('pipelines/frontend.ts', from, to);
    await world.edit('pipelines/frontend.ts', 'verifySeconds: 3', 'watch: { baselineSeconds: 0 }, verifySeconds: 3');
    await world.project.commit('Declare it');
    // Python's own server answers fewer requests than Node.js.
    const load = new Load(frontend, 150);
    await load.warm();
    await world.done('release', 'frontend');
    const { stdout, stderr } = await world.done('release', 'frontend', '--again');
    const total = await load.stop();
    expect(total.failed, JSON.stringify(total.failures)).toBe(0);
    expect(Object.keys(total.commits)).toEqual(expect.arrayContaining(['v2', 'v3', 'v4']));
    expect(stdout).toMatch(
      /detach +done[\s\S]*stage +done[\s\S]*bake +done[\s\S]*validate +done[\s\S]*return-instance +done/,
    );
    expect(stderr).not.toContain('could not check whether');
    const inPlace = await world.pipeline('fast-rollback', 'frontend', '--method', 'in-place');
    expect(inPlace.stderr).toContain('the playbook of frontend is plain');
    expect(inPlace.exitCode).not.toBe(0);
  });
});

describe('an opening of a security group', () => {
  it('is made for the own address and closed again', async () => {
    const opened = await world.done('sg', 'open', 'api-ssh', '--for', '2h');
    expect(opened.stderr).toMatch(/port 22 of api is open to 127\.[0-9.]+\/32 until /);
    expect(opened.stdout).toContain('pipeline sg close api-ssh');
    expect((await world.done('sg', 'close', 'api-ssh')).stderr).toContain('port 22 is closed to 127.');
  });

  it.each([
    [['sg', 'open', 'api-ssh', '--from', '10.0.0.0/8'], '10.0.0.0/8 is wider'],
    [['sg', 'open', 'api-ssh', '--for', '9h'], '9 h is longer'],
    [['sg', 'open', 'everything'], 'name: "everything" does not fit'],
    [['release', 'sg'], 'pipelines/sg.ts has tasks and no fleet'],
    [['frontend', 'maintenance'], 'frontend has no task "maintenance"'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await world.pipeline(...args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
