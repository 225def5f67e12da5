import vm from 'node:vm';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { describe, expect, it } from 'vitest';
import { createRedact, isSecretKey, redacted, shapes } from '../../src/shared/redact.ts';

const redact = createRedact(['s3cr3t-value', 'abc']);

describe('redaction', () => {
  it.each([
    'password',
    'dbPassword',
    'SECRET_ACCESS_KEY',
    'secretAccessKey',
    'privateKey',
    'private_key',
    'awsCredentials',
    'sessionToken',
    'access_token',
    'Authorization',
    'passphrase',
    'apiKey',
  ])('hides what is below %s', (key) =>
    expect(redact({ [key]: 'x', nested: [{ [key]: { deep: 1 } }] })).toEqual({
      [key]: redacted,
      nested: [{ [key]: redacted }],
    }),
  );

  it.each(['token', 'clientToken', 'key', 'keyName', 'passed', 'author', 'targetGroup', 'accessKeyId'])(
    'keeps %s',
    (key) => {
      expect(isSecretKey(key)).toBe(false);
    },
  );

  it.each([
    ['postgres://me:hunter2@db/x', `postgres://me:${redacted}@db/x`],
    ['AWS_SECRET_ACCESS_KEY=wJalr rest', `AWS_SECRET_ACCESS_KEY=${redacted} rest`],
    ['{"db_password": "hunter2", "a": 1}', `{"db_password": ${redacted}, "a": 1}`],
    ['db_password: hunter2-pass\nuser: me', `db_password: ${redacted}\nuser: me`],
    ['{db_password: hunter2, a: 1}', `{db_password: ${redacted}, a: 1}`],
    ['  session_token: "a b"', `  session_token: ${redacted}`],
    ['Authorization: Bearer eyJ.x.y', `Authorization: ${redacted}`],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\nafter', `${redacted}\nafter`],
    ['it was s3cr3t-value, twice s3cr3t-value', `it was ${redacted}, twice ${redacted}`],
    ['abc is too short to be sure', 'abc is too short to be sure'],
    ['the password was wrong', 'the password was wrong'],
  ])('works in text: %j', (text, expected) => expect(redact(text)).toBe(expected));

  it('keeps other plain data equal and never lets a known secret through', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.stringMatching(/^[a-z ]{0,9}$/))),
        (data) => {
          expect(redact(data)).toEqual(data);
          expect(JSON.stringify(redact({ data, at: `x${'s3cr3t-value'}y` }))).not.toContain('s3cr3t-value');
        },
      ),
    );
  });

  const long = 1024 * 1024;
  it.each([
    ['word characters', 'x'.repeat(long)],
    ['hexadecimal digits', '0123456789abcdef'.repeat(long / 16)],
    ['the name of a secret', 'secret-'.repeat(long / 7)],
    ['blanks behind the name of a secret', `password${' '.repeat(long)}`],
    ['blanks in a header', `authorization:${' '.repeat(long)}`],
    ['schemes of URLs', 'a://b:c'.repeat(long / 7)],
    ['beginnings of keys', '-----BEGIN A '.repeat(long / 13)],
    ['quotes', `secret="'`.repeat(long / 9)],
    ['names in YAML', ' secret_x'.repeat(long / 9)],
  ])('works through a mebibyte of %s, and hides what comes behind it', (_, text) => {
    // Where the work grows with the square of the length, this takes hours; the limit is only there to end that.
    const given = { redact, text: `${text}\ntoken password=hunter2 https://me:hunter3@db/\n` };
    const out = vm.runInNewContext('redact(text)', given, { timeout: 60_000 }) as string;
    expect(out).not.toMatch(/hunter/);
    expect(out.length).toBeGreaterThan(10);
  });

  it('has no shape that repeats letters without a limit before it is known to be a secret', () => {
    for (const [{ source }] of shapes) expect(source).not.toMatch(/^[^=:]*\[[^\]]*(\\w|a-z|A-Z)[^\]]*\][*+]/);
  });

  it.each([10, 1000, 100_000])('hides the same with %i word characters before it', (count) => {
    const run = `${'x'.repeat(count)}`;
    expect(redact(`${run} ${run}_password=hunter2 end`)).toBe(`${run} ${run}_password=${redacted} end`);
    expect(redact(`${run}://me:hunter2@db`)).toBe(`${run}://me:${redacted}@db`);
  });

  it('accepts undefined', () => expect(redact(undefined)).toBeUndefined());
});
