import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

const exec = promisify(execFile);
const program = new URL('../../ansible/roles/release/files/scan_secrets.py', import.meta.url).pathname;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-scan-'));
  for (const folder of ['releases/v1', 'run', 'disk']) await mkdir(path.join(dir, folder), { recursive: true });
  await symlink('releases/v1', path.join(dir, 'current'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFile(path.join(dir, name), text);
/** The host of a release with one secret, whose value is in memory. */
const hold = async (value?: string, file = 'values.json') => {
  await write('releases/v1/.release-secrets.json', JSON.stringify({ references: { KEY: 'ssm:/shop/key' } }));
  if (value !== undefined) await write(`run/${file}`, JSON.stringify({ 'ssm:/shop/key': value }));
};
const scan = () =>
  exec('python3', [program, dir, path.join(dir, 'run'), path.join(dir, 'disk')]).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
const clean = { code: 0, stdout: '', stderr: '' };
const pem = (kind: string, body: string) => `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----`;

it('fails where the values are not in memory, and names the secrets', async () => {
  await hold();
  expect((await scan()).stderr).toMatch(
    /^secrets: this disk is not baked: it cannot be compared with KEY, whose values/,
  );
  await write('run/values.json', 'half of a fi');
  expect((await scan()).code).toBe(1);
});

it('takes a certificate beside a key for public', async () => {
  const key = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj';
  const chain = pem('CERTIFICATE', 'MIIFazCCA1OgAwIBAgIRAIIQz7DSQONZRGPgu2OCiwAwDQYJKoZIhvcNAQELBQAw');
  await hold(`${chain}\n${pem('PRIVATE KEY', key)}\n`);
  await write('disk/ca.pem', chain);
  expect(await scan()).toEqual(clean);
  await write('disk/key.pem', pem('PRIVATE KEY', key));
  expect((await scan()).stderr).toContain('disk/key.pem holds the value of KEY');
});

it.each([
  ['of JSON', '{"username":"shop-service-user","password":"hunter2-hunter2","publicKey":"a-public-key-of-all"}'],
  ['of JSON over several lines', '{\n  "username": "shop-service-user",\n  "password": "hunter2-hunter2"\n}\n'],
  ['of JSON inside of JSON', '{"db":[{"dbPassword":"hunter2-hunter2","host":"shop-service-user"}]}'],
  ['of a URL', 'postgres://shop-service-user:hunter2-hunter2@db/shop'],
  ['of a URL with escapes', 'postgres://shop-service-user:hunter2%2Dhunter2@db/shop'],
])('looks for the password %s, and not for what is beside it', async (_what, value) => {
  await hold(value);
  await write('disk/users', 'shop-service-user a-public-key-of-all');
  expect(await scan()).toEqual(clean);
  await write('disk/leak', 'x=hunter2-hunter2');
  expect((await scan()).stderr).toContain('disk/leak holds the value of KEY');
});

it('looks for what a refresh has replaced', async () => {
  await hold('the value of before', 'before-run.json');
  await hold('the value of today');
  await write('disk/leak', 'the value of before');
  expect((await scan()).code).toBe(1);
});

it('finds a value in any script, in a large file with holes, with any name', async () => {
  await hold('p\u00e4ssw\u00f6rter \ud800 \u5bc6\u7801');
  const name = 'disk/a\nb \u00e9';
  await write('disk/big', 'p\u00e4ssw\u00f6rter');
  await truncate(path.join(dir, 'disk/big'), 2 ** 26);
  expect(await scan()).toEqual(clean);
  await hold('p\u00e4ssw\u00f6rter');
  await write(name, 'p\u00e4ssw\u00f6rter');
  const { stderr } = await scan();
  expect(stderr).toContain('disk/big holds the value of KEY');
  expect(stderr).toContain(`${name} holds`);
});

it('names five files when a value is in many, and says what to do with one that is not a secret', async () => {
  await hold('postgres');
  for (let n = 0; n < 12; n++) await write(`disk/${n}`, 'user postgres');
  const { stderr } = await scan();
  expect(stderr.split(' holds the value of KEY')).toHaveLength(6);
  expect(stderr).toMatch(
    /; 7 more files\. .* A value that is not a secret, such as a user name, belongs in a variable/,
  );
});
