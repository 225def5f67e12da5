import { execFile } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { setUp } from './support.ts';

const run = promisify(execFile);

test.each(['rsa', 'ed25519'])('a created %s key is read by ssh-keygen, and fits its public half', async (KeyType) => {
  const cloud = setUp();
  const pair = await cloud.send('CreateKeyPair', { KeyName: 'deploy', KeyType });
  const dir = await mkdtemp(join(tmpdir(), 'key-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = join(dir, 'key');
  await writeFile(file, pair.KeyMaterial, { mode: 0o600 });
  const { stdout } = await run('ssh-keygen', ['-y', '-f', file]);
  const { KeyPairs } = await cloud.send('DescribeKeyPairs', { KeyNames: ['deploy'], IncludePublicKey: true });
  expect(KeyPairs[0]).toMatchObject({ KeyType, KeyFingerprint: pair.KeyFingerprint, KeyPairId: pair.KeyPairId });
  const halves = (line: string) => line.trim().split(' ').slice(0, 2);
  expect(halves(KeyPairs[0].PublicKey)).toEqual(halves(stdout));
  if (KeyType === 'rsa') expect(createPrivateKey(pair.KeyMaterial).asymmetricKeyType).toBe('rsa');
  expect(JSON.stringify(cloud.state)).not.toContain('PRIVATE KEY');
});

test('a key is imported, found, refused twice, and deleted', async () => {
  const cloud = setUp();
  const made = await cloud.send('CreateKeyPair', { KeyName: 'a', KeyType: 'ed25519' });
  const { publicKey } = cloud.state.keyPairs[made.KeyPairId] ?? { publicKey: '' };
  const imported = await cloud.send('ImportKeyPair', {
    KeyName: 'b',
    PublicKeyMaterial: Buffer.from(`${publicKey}\n`),
  });
  expect(imported.KeyFingerprint).toBe(made.KeyFingerprint);
  expect(await cloud.code('ImportKeyPair', { KeyName: 'b', PublicKeyMaterial: Buffer.from(publicKey) })).toBe(
    'InvalidKeyPair.Duplicate',
  );
  expect(await cloud.code('CreateKeyPair', { KeyName: 'b' })).toBe('InvalidKeyPair.Duplicate');
  for (const wrong of ['ssh-dss AAAA', 'ssh-rsa AAAA', 'hello', `${publicKey}\n${publicKey}`]) {
    const PublicKeyMaterial = Buffer.from(wrong);
    expect(await cloud.code('ImportKeyPair', { KeyName: 'c', PublicKeyMaterial })).toBe('InvalidKey.Format');
  }
  await cloud.send('DeleteKeyPair', { KeyName: 'b' });
  expect(await cloud.send('DeleteKeyPair', { KeyName: 'b' })).toMatchObject({ Return: true });
  expect(await cloud.code('DescribeKeyPairs', { KeyNames: ['b'] })).toBe('InvalidKeyPair.NotFound');
});

test('an imported key has the fingerprint of its DER, and comes in the format of RFC 4716 as well', async () => {
  const cloud = setUp();
  const dir = await mkdtemp(join(tmpdir(), 'key-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = join(dir, 'key');
  await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-C', 'somebody', '-f', file]);
  const line = await readFile(`${file}.pub`, 'utf8');
  const { stdout: rfc4716 } = await run('ssh-keygen', ['-e', '-m', 'RFC4716', '-f', file]);
  const { stdout: pem } = await run('ssh-keygen', ['-e', '-m', 'PKCS8', '-f', file]);
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const md5 = createHash('md5').update(der).digest('hex').match(/../g)?.join(':');
  const send = (KeyName: string, text: string) =>
    cloud.send('ImportKeyPair', { KeyName, PublicKeyMaterial: Buffer.from(text) });
  expect((await send('line', line)).KeyFingerprint).toBe(md5);
  expect((await send('rfc', rfc4716)).KeyFingerprint).toBe(md5);
  const { KeyPairs } = await cloud.send('DescribeKeyPairs', { KeyNames: ['rfc'], IncludePublicKey: true });
  expect(KeyPairs[0].PublicKey).toBe(line.trim().split(' ').slice(0, 2).join(' '));
  const cut = Buffer.from(rfc4716.replace(/^AAAA/m, 'BBBB'));
  expect(await cloud.code('ImportKeyPair', { KeyName: 'cut', PublicKeyMaterial: cut })).toBe('InvalidKey.Format');
});
