import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenWorld } from './support/golden.ts';
import { Load, type Up, type World } from './support/world.ts';

const exec = promisify(execFile);

interface Status {
  version: string | null;
  desired: number;
  healthy: number;
  instances: { id: string; version: string; address: string }[];
}

/** Values that are nowhere else. */
const values = {
  stripe: 'sk_test_of_this_run_1',
  stripeLater: 'sk_test_of_this_run_2',
  database: 'database_password_of_this_run',
  old: 'sk_test_of_the_first_list',
};

let world: World;
let up: Up;
let ssm: SSMClient;

const put = (Name: string, Value: string) =>
  ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }));
const status = () => world.json<Status>('status', 'api');
const answer = async (address = world.url('api')) =>
  (await (await fetch(`${address}/version`, { headers: { connection: 'close' } })).json()) as {
    version: string;
    pid: number;
    secrets?: Record<string, string>;
  };
/** What each of many fresh requests shows of the secrets. */
const shown = async (url = world.url('api')) => {
  const answers = await Promise.all(Array.from({ length: 24 }, () => answer(url)));
  return [...new Set(answers.map(({ secrets }) => JSON.stringify(secrets)))].map((text) => JSON.parse(text));
};
/** Files of the machines' and images' disks that hold any of the values. */
const holders = async () => {
  const cloud = path.join(world.dir, 'cloud');
  const patterns = Object.values(values).flatMap((value) => ['-e', value]);
  // Beside its disk is a machine's /run, which is memory elsewhere and gone with the machine.
  const disks = (await readdir(path.join(cloud, 'machines'))).map((id) => path.join(cloud, 'machines', id, 'root'));
  const found = await exec('grep', ['-rlF', ...patterns, path.join(cloud, 'images'), ...disks]).catch(
    ({ stdout }: { stdout: string }) => ({ stdout }),
  );
  return found.stdout.split('\n').filter(Boolean);
};

async function underLoad<T>(work: () => Promise<T>, url = world.url('api'), rate?: number): Promise<T> {
  const load = new Load(url, rate);
  await load.warm();
  try {
    return await work();
  } finally {
    const total = await load.stop();
    expect(total.failures).toEqual({});
    expect(total.failed).toBe(0);
  }
}

beforeAll(async () => {
  world = await goldenWorld();
  // The app shows what it got; no app should.
  await world.edit(
    'examples/api/src/api.js',
    'send(response, 200, { ...release, host, pid: process.pid })',
    `send(response, 200, { ...release, host, pid: process.pid, secrets: { STRIPE_KEY: process.env.STRIPE_KEY, DB_PASSWORD: process.env.DB_PASSWORD } })`,
  );
  await world.edit(
    'pipelines/api.ts',
    "ansible: { playbook: 'ansible/api.yml' },",
    // The hosts of this test need not spread their calls.
    `ansible: { playbook: 'ansible/api.yml', variables: { release_secrets_spread: 0 } },
  secrets: { STRIPE_KEY: ssm('/shop/old-key') },`,
  );
  await world.configure(
    'pipelines/api.ts',
    'import { definePipeline }',
    'import { definePipeline, secretsManager, ssm }',
  );
  up = await world.up();
  const target = { region: up.region, endpoint: up.endpoint, credentials: up };
  ssm = new SSMClient(target);
  await put('/shop/old-key', values.old);
  await put('/shop/stripe-key', values.stripe);
  await new SecretsManagerClient(target).send(
    new CreateSecretCommand({ Name: 'shop/db', SecretString: JSON.stringify({ password: values.database }) }),
  );
});
afterAll(() => world?.close());

describe('secrets of a service', () => {
  it('reach it without being in an image, under load without one failed request', async () => {
    await underLoad(() => world.json('release', 'api'));
    expect(await shown()).toEqual([{ STRIPE_KEY: values.old }]);
    await world.configure(
      'pipelines/api.ts',
      "secrets: { STRIPE_KEY: ssm('/shop/old-key') },",
      `secrets: { STRIPE_KEY: ssm('/shop/stripe-key'), DB_PASSWORD: secretsManager('shop/db', 'password') },
  infrastructure: { secretsOfOlderReleases: [ssm('/shop/old-key')] },`,
    );
    // The role may read what the file names from now on.
    await world.up();
    const { stderr } = await underLoad(() => world.done('release', 'api'));
    expect(await shown()).toEqual([{ STRIPE_KEY: values.stripe, DB_PASSWORD: values.database }]);
    expect(await holders()).toEqual([]);
    for (const value of Object.values(values)) expect(stderr).not.toContain(value);
  });

  it('are kept on the host, so that the service can restart during an outage of AWS', async () => {
    for (const service of ['ssm', 'secretsmanager']) await world.done('local', 'fault', 'error', '--service', service);
    const [first] = (await status()).instances;
    const host = `http://${first?.address}:3000`;
    const before = await answer(host);
    await world.done('local', 'fault', 'backend-kill', '--instance', first?.id ?? '');
    const pid = async () => (await answer(host).catch(() => before)).pid;
    await expect.poll(pid, { timeout: 30_000, interval: 200 }).not.toBe(before.pid);
    expect((await answer(host)).secrets).toEqual({ STRIPE_KEY: values.stripe, DB_PASSWORD: values.database });
    await world.done('local', 'fault', 'clear');
  });

  it('are listed with their store, and without their values', async () => {
    const { stdout } = await world.done('secrets', 'api');
    expect(stdout).toContain('Parameter Store /shop/stripe-key');
    expect(stdout).toContain('Secrets Manager shop/db, key password');
    for (const value of Object.values(values)) expect(stdout).not.toContain(value);
    const wrong = await world.pipeline('secrets', 'api', 'rotate');
    expect(wrong).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('"rotate" is not an action of secrets'),
    });
  });

  it('are read again by a refresh, in place and without one failed request', async () => {
    await put('/shop/stripe-key', values.stripeLater);
    expect((await shown()).map((one) => one.STRIPE_KEY)).toEqual([values.stripe]);
    const before = await status();
    const { stdout, stderr } = await underLoad(() => world.done('secrets', 'api', 'refresh', '--json'));
    expect(JSON.parse(stdout)).toMatchObject({ hosts: before.desired, inPlace: true });
    expect(stderr).toContain('changed: STRIPE_KEY');
    expect(await shown()).toEqual([{ STRIPE_KEY: values.stripeLater, DB_PASSWORD: values.database }]);
    expect((await status()).instances.map((one) => one.id).sort()).toEqual(
      before.instances.map((one) => one.id).sort(),
    );
    expect(stdout + stderr).not.toContain(values.stripeLater);
  });

  it('are those of its own list for an older version after a rollback', async () => {
    const report = await underLoad(() =>
      world.json<{ version: string; method: string }>('fast-rollback', 'api', '--wait'),
    );
    expect(report).toMatchObject({ version: 'v2', method: 'in-place' });
    expect(await shown()).toEqual([{ STRIPE_KEY: values.old }]);
    expect(await holders()).toEqual([]);
  });

  it('stop a bake when one of their values is on the disk, and the message names the file and the secret', async () => {
    await world.edit('examples/api/config.json', '"healthy"', `"leak": "${values.stripeLater}", "healthy"`);
    await world.project.commit('A leak');
    const ended = await world.pipeline('release', 'api');
    expect(ended.exitCode).toBe(3);
    expect(ended.stderr).toMatch(/config\.json holds the value of STRIPE_KEY/);
    expect(ended.stderr).not.toContain(values.stripeLater);
    expect(await shown()).toEqual([{ STRIPE_KEY: values.old }]);
  });
});

it('a service without takeover is refreshed through Standby, host by host, without one failed request', async () => {
  await world.edit(
    'examples/frontend/server.py',
    'return self.answer(200, release())',
    "return self.answer(200, {**release(), 'secrets': {'STRIPE_KEY': os.environ.get('STRIPE_KEY')}})",
  );
  await world.edit(
    'pipelines/frontend.ts',
    "ansible: { playbook: 'ansible/frontend.yml' },",
    `ansible: { playbook: 'ansible/frontend.yml', variables: { release_secrets_spread: 0 } },
  secrets: { STRIPE_KEY: ssm('/shop/stripe-key') },`,
  );
  await world.configure('pipelines/frontend.ts', 'import { definePipeline,', 'import { definePipeline, ssm,');
  await put('/shop/stripe-key', values.stripe);
  up = await world.up();
  await world.json('release', 'frontend');
  const url = world.url('frontend');
  expect(await shown(url)).toEqual([{ STRIPE_KEY: values.stripe }]);
  await put('/shop/stripe-key', values.stripeLater);
  const before = await world.json<Status>('status', 'frontend');
  const { stdout } = await underLoad(() => world.done('secrets', 'frontend', 'refresh', '--json'), url, 100);
  expect(JSON.parse(stdout)).toMatchObject({ hosts: 2, inPlace: false });
  expect(await shown(url)).toEqual([{ STRIPE_KEY: values.stripeLater }]);
  const after = await world.json<Status>('status', 'frontend');
  expect(after.instances.map((one) => one.id).sort()).toEqual(before.instances.map((one) => one.id).sort());
  expect(after).toMatchObject({ desired: before.desired, healthy: before.healthy });
});
