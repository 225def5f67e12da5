import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { debianPython, withoutBoto3 } from '@golden-pipeline/shared/testing/debian-python';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { World } from '../../packages/local-cloud/test/behaviour/support.ts';
import { allowing, makeProfile, trusting } from '../../packages/local-cloud/test/iam/client.ts';

const exec = promisify(execFile);
const files = new URL('../../ansible/roles/release/files/', import.meta.url).pathname;

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

describe.skipIf(withoutBoto3 !== '')(`the program that reads secrets on a host${withoutBoto3}`, () => {
  let world: Awaited<ReturnType<typeof World.onTheWire>>;
  let ssm: SSMClient;
  let metadata: Server;
  let env: Record<string, string>;
  let dir: string;

  beforeAll(async () => {
    world = await World.onTheWire();
    const target = { region: 'eu-west-1', endpoint: world.cloud.endpoint, credentials: world.cloud.credentials };
    ssm = new SSMClient(target);
    const secrets = new SecretsManagerClient(target);
    await makeProfile(
      world.place,
      'shop',
      allowing(
        ['ssm:GetParameters', 'secretsmanager:GetSecretValue'],
        ['arn:aws:ssm:*:*:parameter/shop/*', 'arn:aws:secretsmanager:*:*:secret:shop/*'],
      ),
      trusting({ AWS: '*' }),
    );
    await secrets.send(
      new CreateSecretCommand({ Name: 'shop/db', SecretString: '{"password":"db-password-1","port":5432}' }),
    );
    await secrets.send(new CreateSecretCommand({ Name: 'other/db', SecretString: 'not for the shop' }));
    const { Credentials } = await new STSClient(target).send(
      new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::000000000000:role/shop', RoleSessionName: 'i-1' }),
    );
    const document = {
      ...{ Code: 'Success', Type: 'AWS-HMAC', LastUpdated: new Date().toISOString() },
      ...{ AccessKeyId: Credentials?.AccessKeyId, SecretAccessKey: Credentials?.SecretAccessKey },
      ...{ Token: Credentials?.SessionToken, Expiration: Credentials?.Expiration?.toISOString() },
    };
    const answers: Record<string, string> = {
      '/latest/api/token': 'token',
      '/latest/meta-data/placement/availability-zone/': 'eu-west-1a',
      '/latest/meta-data/iam/security-credentials/': 'shop',
      '/latest/meta-data/iam/security-credentials/shop': JSON.stringify(document),
    };
    metadata = createServer(({ url = '' }, response) => {
      response.statusCode = answers[url] === undefined ? 404 : 200;
      response.end(answers[url]);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => metadata.once('listening', resolve));
    const { port } = metadata.address() as AddressInfo;
    env = {
      ...{ PATH: process.env.PATH ?? '', AWS_ENDPOINT_URL: world.cloud.endpoint, NO_PROXY: '127.0.0.1,localhost' },
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}`,
      // What an image or a user may have brought counts for nothing.
      ...{
        AWS_ACCESS_KEY_ID: 'of-the-image',
        AWS_SECRET_ACCESS_KEY: 'wrong',
        AWS_PROFILE: 'nobody',
        AWS_REGION: 'us-west-1',
      },
    };
  });
  afterAll(async () => {
    metadata?.close();
    await world?.close();
  });
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'gp-host-secrets-'));
    world.cloud.faults.clear();
    await put('/shop/stripe-key', 'stripe key of today');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const put = (Name: string, Value: string) =>
    ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }));
  /** A release that needs these secrets. */
  const release = async (version: string, references: Record<string, string>) => {
    const folder = path.join(dir, 'releases', version);
    await mkdir(folder, { recursive: true });
    const wanted = { run: path.join(dir, 'run'), spread: 0, references };
    await writeFile(path.join(folder, '.release-secrets.json'), JSON.stringify(wanted));
    return folder;
  };
  const program = (name: string, words: string[], more: Record<string, string> = {}): Promise<Ran> =>
    exec(debianPython, [path.join(files, name), ...words], { env: { ...env, ...more } }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: Ran) => ({ code, stdout, stderr }),
    );
  const secrets = (...words: string[]) => program('host_secrets.py', words);
  const show = ['--', debianPython, '-c', 'import os, json; print(json.dumps(dict(os.environ)))'];
  const started = async (folder: string) => {
    const ran = await secrets('run', folder, ...show);
    expect(ran.code, ran.stderr).toBe(0);
    return JSON.parse(ran.stdout) as Record<string, string>;
  };
  const calls = (operation: string) => world.cloud.calls.total(operation);
  const two = { STRIPE_KEY: 'ssm:/shop/stripe-key', DB_PASSWORD: 'secretsmanager:shop/db#password' };

  it('gives a service its secrets from both stores, and leaves the rest of its environment unchanged', async () => {
    const folder = await release('v1', {
      ...two,
      DB: 'secretsmanager:shop/db',
      DB_PORT: 'secretsmanager:shop/db#port',
    });
    expect(await started(folder)).toMatchObject({
      ...{ STRIPE_KEY: 'stripe key of today', DB_PASSWORD: 'db-password-1', DB_PORT: '5432' },
      ...{ DB: '{"password":"db-password-1","port":5432}', AWS_PROFILE: 'nobody' },
    });
    const { mode } = await stat(path.join(dir, 'run/values.json'));
    expect(mode & 0o777).toBe(0o600);
    expect((await stat(path.join(dir, 'run'))).mode & 0o777).toBe(0o700);
  });

  it('requests ten parameters at once, and none that the host already has', async () => {
    const references = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`SECRET_${n}`, `ssm:/shop/n${n}`]));
    for (const reference of Object.values(references))
      await put(reference.slice('ssm:'.length), `value of ${reference}`);
    const folder = await release('v1', references);
    const before = calls('GetParameters');
    expect((await started(folder)).SECRET_10).toBe('value of ssm:/shop/n10');
    expect(calls('GetParameters') - before).toBe(2);
    await started(folder);
    expect(calls('GetParameters') - before).toBe(2);
    // A version with one more asks for that one.
    const next = await release('v2', { ...references, STRIPE_KEY: 'ssm:/shop/stripe-key' });
    expect((await started(next)).STRIPE_KEY).toBe('stripe key of today');
    expect(calls('GetParameters') - before).toBe(3);
  });

  it('restarts the service during an outage of Parameter Store and Secrets Manager', async () => {
    const folder = await release('v1', two);
    await started(folder);
    for (const service of ['ssm', 'secretsmanager']) world.cloud.faults.add({ kind: 'error', service });
    expect(await started(folder)).toMatchObject({ STRIPE_KEY: 'stripe key of today' });
  });

  it('names every secret that is not available, and no value', async () => {
    const folder = await release('v1', {
      ...two,
      GONE: 'ssm:/shop/none',
      NO_SECRET: 'secretsmanager:shop/none',
      NO_KEY: 'secretsmanager:shop/db#user',
      FOREIGN: 'secretsmanager:other/db',
    });
    const ran = await secrets('fetch', folder);
    expect(ran.code).toBe(1);
    expect(ran.stderr.trim().split('\n')).toEqual([
      'secrets: the host cannot read',
      'FOREIGN (Secrets Manager other/db) may not be read by the role of this instance (AccessDeniedException)',
      'GONE (Parameter Store /shop/none) does not exist',
      'NO_KEY (Secrets Manager shop/db, key user) is not a JSON object with this key',
      'NO_SECRET (Secrets Manager shop/none) does not exist',
    ]);
    // Beside what serves it fails at once; a service waits for it.
    const staged = await program('host_secrets.py', ['run', folder, ...show], { PIPELINE_STAGING: '1' });
    expect(staged).toMatchObject({ code: 1, stderr: expect.stringContaining('GONE') });
  });

  it('keeps a service waiting for a missing secret, and starts it once the secret exists', async () => {
    await ssm.send(new DeleteParameterCommand({ Name: '/shop/stripe-key' }));
    const folder = await release('v1', two);
    const child = exec(debianPython, [path.join(files, 'host_secrets.py'), 'run', folder, ...show], { env });
    await new Promise<void>((resolve) =>
      child.child.stderr?.on('data', (text) => String(text).includes('the service waits') && resolve()),
    );
    await put('/shop/stripe-key', 'there at last');
    expect(JSON.parse((await child).stdout)).toMatchObject({ STRIPE_KEY: 'there at last' });
  });

  it('reads all secrets again on a refresh, which can be undone until it is complete', async () => {
    const folder = await release('v1', two);
    await started(folder);
    await put('/shop/stripe-key', 'stripe key of tomorrow');
    expect((await started(folder)).STRIPE_KEY).toBe('stripe key of today');
    const refreshed = await secrets('refresh', folder, 'run-1');
    expect(JSON.parse(refreshed.stdout)).toEqual({ changed: ['STRIPE_KEY'] });
    expect((await started(folder)).STRIPE_KEY).toBe('stripe key of tomorrow');
    // Done again, as by a run that is resumed: what was before is still that of before the run.
    await secrets('refresh', folder, 'run-1');
    expect(JSON.parse((await secrets('restore', folder, 'run-1')).stdout)).toEqual({ restored: true });
    expect((await started(folder)).STRIPE_KEY).toBe('stripe key of today');
    // Whoever takes it back may die before the service has been restarted.
    expect(JSON.parse((await secrets('restore', folder, 'run-1')).stdout)).toEqual({ restored: true });
    await secrets('forget', folder, 'run-1');
    expect(JSON.parse((await secrets('restore', folder, 'run-1')).stdout)).toEqual({ restored: false });
    await secrets('refresh', folder, 'run-2');
    await secrets('forget', folder, 'run-2');
    expect(JSON.parse((await secrets('restore', folder, 'run-2')).stdout)).toEqual({ restored: false });
  });

  it('gives an older version its own list of secrets', async () => {
    const older = await release('v1', { STRIPE_KEY: 'ssm:/shop/old-key' });
    await put('/shop/old-key', 'of the old account');
    const newer = await release('v2', two);
    expect((await started(newer)).STRIPE_KEY).toBe('stripe key of today');
    expect((await started(older)).STRIPE_KEY).toBe('of the old account');
    expect((await started(newer)).STRIPE_KEY).toBe('stripe key of today');
  });

  describe('before an image is created', () => {
    const scan = () => program('scan_secrets.py', [dir, path.join(dir, 'run'), path.join(dir, 'disk')]);
    const writeTo = async (name: string, text: string) => {
      const file = path.join(dir, 'disk', name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
      return file;
    };

    it('finds a value on the disk, and names the file and the secret', async () => {
      await put('/shop/stripe-key', 'sk_live_"quoted"_1');
      await started(await release('v1', two));
      await writeTo('etc/other.conf', 'nothing of interest\n');
      expect(await scan()).toEqual({ code: 0, stdout: '', stderr: '' });
      const plain = await writeTo('etc/app.conf', 'password = db-password-1\n');
      const json = await writeTo('srv/a folder/.env', String.raw`{"key": "sk_live_\"quoted\"_1"}`);
      const { code, stderr } = await scan();
      expect(code).toBe(1);
      expect(stderr).toContain(
        `this disk is not baked: ${plain} holds the value of DB_PASSWORD; ${json} holds the value of STRIPE_KEY.`,
      );
      expect(stderr).not.toMatch(/sk_live|db-password/);
    });

    it('searches for the longest line of a multi-line value, and skips short values', async () => {
      const lines = [
        '-----BEGIN PRIVATE KEY-----',
        'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj',
        '-----END PRIVATE KEY-----',
      ];
      await put('/shop/stripe-key', lines.join('\n'));
      await put('/shop/short', 'on');
      await started(await release('v1', { KEY: 'ssm:/shop/stripe-key', SWITCH: 'ssm:/shop/short' }));
      await writeTo('etc/other.pem', [lines[0], 'of somebody else', lines[2], 'on'].join('\n'));
      expect((await scan()).code).toBe(0);
      const leaked = await writeTo('etc/own.pem', lines.join('\n'));
      expect((await scan()).stderr).toContain(`${leaked} holds the value of KEY.`);
    });

    it('searches for nothing on a host without secrets', async () => {
      await writeTo('etc/app.conf', 'password = db-password-1\n');
      expect((await scan()).code).toBe(0);
    });
  });
});
