import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import type { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { secretsManager, ssm } from '../../src/config/secrets.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
let services: DoctorServices;
let clients: ReturnType<Simulated['cloud']['secretClients']>;

beforeAll(async () => {
  world = await Simulated.create([], {
    settings: (fleet) => ({
      ...fleet,
      secrets: { STRIPE_KEY: ssm('/shop/stripe-key'), DB_PASSWORD: secretsManager('shop/db', 'password') },
    }),
  });
  services = Object.assign(world.services, {
    vcpuQuota: async () => 1000,
    unitQuota: async () => 100,
    identity: async () => ({ account: '000000000000', arn: 'arn:aws:iam::000000000000:root' }),
  });
  clients = world.cloud.secretClients();
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => world.cloud.faults.clear());

const plan = () => planRelease(world.services, world.clock, {});
const findings = async () =>
  (await diagnose(services, world.clock))
    .filter((one) => one.id.startsWith('secrets'))
    .map(({ id, severity, message }) => `${severity} ${id}: ${message}`);

it('a release that lacks secrets is refused, and names all of them before anything is changed', async () => {
  const refusal = await plan().catch((error: unknown) => error as PipelineError);
  expect(refusal).toMatchObject({
    code: 'secrets.missing',
    outcome: 'usage',
    message: 'api in local lacks 2 secrets: STRIPE_KEY, DB_PASSWORD',
    details: [
      'STRIPE_KEY (Parameter Store /shop/stripe-key): it does not exist',
      'DB_PASSWORD (Secrets Manager shop/db, key password): it does not exist',
    ],
  });
  expect(await world.services.ledger.runs('api', 9)).toEqual([]);
  expect(await findings()).toEqual([
    'error secrets.missing: secret STRIPE_KEY (Parameter Store /shop/stripe-key): it does not exist',
    'error secrets.missing: secret DB_PASSWORD (Secrets Manager shop/db, key password): it does not exist',
  ]);
});

it('a secret scheduled for deletion counts as missing', async () => {
  await clients.ssm.send(
    new PutParameterCommand({ Name: '/shop/stripe-key', Value: 'sk_live_1', Type: 'SecureString' }),
  );
  await clients.secretsManager.send(new CreateSecretCommand({ Name: 'shop/db', SecretString: '{"password":"x"}' }));
  await clients.secretsManager.send(new DeleteSecretCommand({ SecretId: 'shop/db' }));
  await expect(plan()).rejects.toMatchObject({
    message: 'api in local lacks a secret: DB_PASSWORD',
    details: ['DB_PASSWORD (Secrets Manager shop/db, key password): it is to be deleted'],
  });
  await clients.secretsManager.send(new DeleteSecretCommand({ SecretId: 'shop/db', ForceDeleteWithoutRecovery: true }));
  await clients.secretsManager.send(new CreateSecretCommand({ Name: 'shop/db', SecretString: '{"password":"x"}' }));
});

it('a release with all its secrets names them in its plan, passes plays the references, and reads no value locally', async () => {
  const planned = await plan();
  expect(planned.described.preflight).toContain(
    'the service gets STRIPE_KEY, DB_PASSWORD from where they are kept; the image holds the names only',
  );
  const played: unknown[] = [];
  const { hosts } = world.services;
  const play = hosts.play.bind(hosts);
  hosts.play = (host, playbook, variables, options) => {
    played.push(variables.release_secrets);
    return play(host, playbook, variables, options);
  };
  const { error } = await world.run(planned);
  hosts.play = play;
  expect(error).toBeUndefined();
  expect(new Set(played.map((one) => JSON.stringify(one)))).toEqual(
    new Set(['{"STRIPE_KEY":"ssm:/shop/stripe-key","DB_PASSWORD":"secretsmanager:shop/db#password"}']),
  );
  const asked = world.cloud.calls.report().totals.map((one) => one.operation);
  expect(asked).toContain('DescribeParameters');
  expect(asked.filter((name) => /GetParameter|GetSecretValue/.test(name))).toEqual([]);
  expect(await findings()).toEqual(['ok secrets: 2 secrets are there: STRIPE_KEY, DB_PASSWORD']);
});

it('credentials that cannot check a secret do not stop a release, and the plan reports it', async () => {
  world.cloud.faults.add({
    kind: 'error',
    operation: 'DescribeParameters',
    code: 'AccessDeniedException',
    status: 400,
    message: 'not allowed',
  });
  const planned = await plan();
  expect(planned.initial.uncheckedSecrets).toEqual([
    expect.stringContaining('STRIPE_KEY (Parameter Store /shop/stripe-key): these credentials may not ask: '),
  ]);
  expect(await findings()).toEqual([
    expect.stringContaining('warning secrets.unknown: secret STRIPE_KEY (Parameter Store /shop/stripe-key)'),
  ]);
});

it('an outage of a secret store is named, and not treated as a missing secret', async () => {
  world.cloud.faults.add({ kind: 'error', service: 'secretsmanager' });
  await expect(plan()).rejects.not.toMatchObject({ code: 'secrets.missing' });
});
