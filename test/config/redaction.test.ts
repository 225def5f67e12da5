import { expect, test } from 'vitest';
import { redactionOf } from '../../src/config/redaction.ts';
import { redacted } from '../../src/shared/redact.ts';

const variables = {
  region: 'eu-west-1',
  db: { password: 'correct horse', port: 5432 },
  api_keys: { payment: 'pk-12345678', list: ['pk-87654321', 99887766] },
};

test('what is below the name of a secret is hidden wherever it is printed, also numbers', () => {
  const redact = redactionOf({ ansible: { variables } }, {});
  expect(redact('psql -W "correct horse" pk-12345678 pk-87654321 99887766 eu-west-1 5432')).toBe(
    `psql -W "${redacted}" ${redacted} ${redacted} ${redacted} eu-west-1 5432`,
  );
});

test("the account's keys are hidden, and other environment variables are not", () => {
  const env = { AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI', AWS_SESSION_TOKEN: 'FwoGZXIvYXdz', HOME: '/home/ann' };
  expect(redactionOf({}, env)('wJalrXUtnFEMI FwoGZXIvYXdz /home/ann')).toBe(`${redacted} ${redacted} /home/ann`);
});
