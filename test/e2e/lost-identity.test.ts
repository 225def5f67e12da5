import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { machineLayout } from 'golden-pipeline-local-cloud/machines';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectWhole, type Status } from './support/fleet.ts';
import { goldenWorld } from './support/golden.ts';
import { Load, type World } from './support/world.ts';

let world: World;
let url: string;
beforeAll(async () => {
  world = await goldenWorld();
  await world.up();
  url = world.url('api');
});
afterAll(() => world?.close());

const instances = async () => (await world.json<Status>('status', 'api')).instances.map((one) => one.id);
const onDisk = (id: string, file: string) => path.join(machineLayout(path.join(world.dir, 'cloud'), id).root, file);
const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

const identity = [
  'etc/acme/id',
  'var/lib/tailscale/tailscaled.state',
  'opt/acme/made-at-boot',
  'srv/api/shared/sessions/s',
];

it('the identity of a host is not in the image, and a bake instance that cannot get it back is terminated, under load', async () => {
  const before = await instances();
  for (const id of before) {
    for (const file of [...identity, 'srv/api/shared/uploads/u']) {
      await mkdir(path.dirname(onDisk(id, file)), { recursive: true });
      await writeFile(onDisk(id, file), id);
    }
  }
  await world.configure(
    'pipelines/api.ts',
    'keep: 5,',
    "keep: 5, clean: { paths: ['/etc/acme/id'], madeAtBoot: ['/opt/acme/*'] },",
  );
  const { stdout: plan } = await world.done('release', 'api', '--dry-run');
  expect(plan).toContain('the host is terminated after the image, and the group launches another');
  expect(plan).toContain('tailscale: /var/lib/tailscale/tailscaled.state');
  expect(plan).toContain('release_clean: /etc/acme/id');
  expect(plan).not.toContain('made-at-boot');

  const load = new Load(url);
  await load.warm();
  const { exitCode, stderr } = await world.pipeline('release', 'api');
  const total = await load.stop();
  expect(exitCode, stderr).toBe(0);
  expect(total.failed, JSON.stringify(total.failures)).toBe(0);
  expect(stderr).toMatch(/i-\w+ lost what a boot does not make again \(tailscale: .*, and 1 more\): it is terminated/);
  await expectWhole(world, 'v2');
  for (const id of await instances()) {
    expect(before).not.toContain(id);
    for (const file of identity) expect(await exists(onDisk(id, file)), file).toBe(false);
    // What the app shares is the app's, as its list does not say otherwise; it is of the host that was baked.
    expect(before).toContain(await readFile(onDisk(id, 'srv/api/shared/uploads/u'), 'utf8'));
  }
});

it('a bake instance that lost only what a boot creates again returns as the first canary', async () => {
  for (const id of await instances()) {
    await mkdir(path.dirname(onDisk(id, 'opt/acme/x')), { recursive: true });
    await writeFile(onDisk(id, 'opt/acme/x'), id);
  }
  const { stdout: plan } = await world.done('release', 'api', '--again', '--dry-run');
  expect(plan).toContain('the host returns to service as the first canary of v3');
  const { stderr } = await world.done('release', 'api', '--again');
  expect(stderr).not.toContain('does not make again');
  await expectWhole(world, 'v3');
  for (const id of await instances()) expect(await exists(onDisk(id, 'opt/acme/x'))).toBe(false);
});

it('a clean-up path of the operating system is refused with exit code 2, and nothing is changed', async () => {
  await world.configure('pipelines/api.ts', "paths: ['/etc/acme/id']", "paths: ['/etc']");
  const { exitCode, stderr } = await world.pipeline('release', 'api');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('release.clean.paths[0]: "/etc", expected something inside of that folder');
  await world.configure('pipelines/api.ts', "paths: ['/etc']", "paths: ['/etc/acme/id']");
  await expectWhole(world, 'v3');
});
