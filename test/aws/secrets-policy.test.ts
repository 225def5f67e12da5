import { describe, expect, it } from 'vitest';
import { otherParametersDenied, secretsPolicy } from '../../src/aws/secrets-policy.ts';
import { type SecretReference, secretsManager, ssm } from '../../src/config/secrets.ts';
import type { Fleet } from '../../src/config/settings.ts';
import { validate } from '../../src/config/validate.ts';
import { minimal } from '../config/support/project.ts';

const place = { partition: 'aws', region: 'eu-west-1', account: '123456789012' };
const fleetWith = (secrets: Record<string, SecretReference>, older: SecretReference[] = []): Fleet =>
  validate(minimal({ secrets, infrastructure: { secretsOfOlderReleases: older } }), {
    ...{ app: 'api', file: 'pipelines/api.ts', projectDir: '/project' },
  }).fleet('local');

describe('the secrets policy of a fleet', () => {
  it('lets instances read exactly these secrets, once each, and decrypt only through the two services', () => {
    const fleet = fleetWith(
      {
        STRIPE_KEY: ssm('/shop/stripe-key'),
        PLAIN: ssm('plain'),
        DB: secretsManager('shop/db', 'password'),
        USER: secretsManager('shop/db', 'user'),
      },
      [ssm('/shop/old-key')],
    );
    const [parameters, secrets, decrypt, ...more] = secretsPolicy(fleet, place);
    const parameter = 'arn:aws:ssm:eu-west-1:123456789012:parameter';
    expect(parameters).toMatchObject({
      Action: ['ssm:GetParameters'],
      Resource: [`${parameter}/shop/stripe-key`, `${parameter}/plain`, `${parameter}/shop/old-key`],
    });
    expect(secrets).toMatchObject({
      Action: ['secretsmanager:GetSecretValue'],
      Resource: ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-??????'],
    });
    expect(decrypt?.Condition).toEqual({
      StringEquals: { 'kms:ViaService': ['ssm.eu-west-1.amazonaws.com', 'secretsmanager.eu-west-1.amazonaws.com'] },
    });
    expect(more).toEqual([]);
    expect(otherParametersDenied(fleet, place).NotResource?.slice(0, 3)).toEqual(parameters?.Resource);
  });

  it('gives a fleet without secrets no permission', () => {
    expect(secretsPolicy(fleetWith({}), place)).toEqual([]);
    expect(otherParametersDenied(fleetWith({}), place).NotResource).toHaveLength(2);
  });
});
