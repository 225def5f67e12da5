import type { PipelineError } from '@golden-pipeline/shared/errors';
import { describe, expect, it } from 'vitest';
import {
  describeReference,
  parseReference,
  secretLookingVariables,
  secretsManager,
  ssm,
} from '../../src/config/secrets.ts';
import { validate } from '../../src/config/validate.ts';
import { minimal } from './support/project.ts';

const origin = { app: 'api', file: 'pipelines/api.ts', projectDir: '/project' };

function mistakes(changes: Record<string, unknown>): string[] {
  try {
    validate(minimal(changes), origin);
    return [];
  } catch (error) {
    return (error as PipelineError).details;
  }
}

describe('a reference to a secret', () => {
  it('names the store of the value', () => {
    expect(parseReference(ssm('/shop/production/stripe-key'))).toEqual({
      source: 'ssm',
      name: '/shop/production/stripe-key',
    });
    expect(parseReference(secretsManager('shop/db'))).toEqual({ source: 'secretsmanager', name: 'shop/db' });
    expect(parseReference(secretsManager('shop/db', 'the password'))).toMatchObject({ key: 'the password' });
    expect(describeReference(secretsManager('shop/db', 'password'))).toBe('Secrets Manager shop/db, key password');
  });

  it.each([
    ...[ssm(''), ssm('/a//b'), ssm('/a/'), ssm('a/b'), ssm('/aws/reference'), ssm('ssm-key'), ssm('/a:3'), ssm('/a b')],
    ssm(`/${Array(16).fill('a').join('/')}`),
    ...[secretsManager(''), secretsManager('shop/db#a', 'b'), secretsManager('shop db'), secretsManager('a', '')],
    ...['vault:/shop/key', 'sk_live_1', ''],
    secretsManager('arn:aws:secretsmanager:eu-west-1:1:secret:shop'),
  ])('refuses %s', (reference) => expect(parseReference(reference)).toBeUndefined());
});

describe('secrets of a pipelines file', () => {
  const fleet = (changes: Record<string, unknown>, environment: string) =>
    validate(minimal(changes), origin).fleet(environment).secrets;

  it("are the file's secrets, overridden one by one by those of the environment", () => {
    const changes = {
      secrets: { STRIPE_KEY: ssm('/shop/stripe-key'), DB: ssm('/shop/db') },
      environments: { local: { cloud: 'local', secrets: { DB: secretsManager('local/db', 'password') } } },
    };
    expect(fleet(changes, 'local')).toEqual({
      STRIPE_KEY: 'ssm:/shop/stripe-key',
      DB: 'secretsmanager:local/db#password',
    });
    expect(fleet({}, 'local')).toEqual({});
  });

  it('are refused with the wrong value, unless that could be the secret itself', () => {
    const [reference, value, ...more] = mistakes({
      secrets: { STRIPE_KEY: ssm('shop/stripe key'), DB_PASSWORD: 'hunter2hunter2' },
    });
    expect(reference).toContain(
      'secrets.STRIPE_KEY: "ssm:shop/stripe key", expected ssm(\'/shop/production/stripe-key\')',
    );
    expect(value).toContain('secrets.DB_PASSWORD: [redacted], expected ssm(');
    expect(more).toEqual([]);
  });

  it.each(['PORT', 'LISTEN_FD', '1KEY', 'STRIPE-KEY', 'LD_PRELOAD'])('must not be called %s', (name) => {
    expect(mistakes({ secrets: { [name]: ssm('/shop/key') } })).toEqual([
      expect.stringContaining(`secrets.${name}: the name does not fit, expected a name of an environment variable`),
    ]);
  });

  it('must not also be in the variables of plays', () => {
    const variables = { api_environment: { STRIPE_KEY: 'sk_live_1' } };
    expect(
      mistakes({ secrets: { STRIPE_KEY: ssm('/shop/key') }, ansible: { playbook: 'ansible/api.yml', variables } }),
    ).toEqual([
      'ansible.variables.api_environment.STRIPE_KEY: STRIPE_KEY stands in secrets too, expected it in one of the two only',
    ]);
  });

  it('require a playbook that applies the release role', () => {
    const ansible = { playbook: 'ansible/site.yml', kind: 'plain' };
    const release = { smokeTests: [{ path: '/', contains: '{version}' }] };
    expect(mistakes({ ansible, release, secrets: { STRIPE_KEY: ssm('/shop/key') } })).toEqual([
      expect.stringMatching(
        /^secrets\.STRIPE_KEY: secrets cannot be read with ansible\.kind 'plain'.*; leave out secrets/,
      ),
    ]);
  });
});

it('variables with the name of a secret are found at any depth, and only with a value', () => {
  const variables = {
    env: { STRIPE_KEY: 'x', LOG_LEVEL: 'debug', DB_PASSWORD: '', GITHUB_TOKEN: undefined, SSH_PUBLIC_KEY: 'ssh-rsa' },
    admin_password: 'x',
    keys: 'x',
  };
  expect(secretLookingVariables(variables)).toEqual(['env.STRIPE_KEY', 'admin_password']);
});
