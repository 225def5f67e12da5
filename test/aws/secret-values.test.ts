import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { startDirectCloud } from 'golden-pipeline-local-cloud';
import { expect, it, onTestFinished } from 'vitest';
import { readSecretValue } from '../../src/aws/secret-values.ts';

async function stores() {
  const clock = new ManualClock();
  const starting = startDirectCloud({ clock, report: () => undefined });
  await clock.advance(0);
  const cloud = await starting;
  onTestFinished(() => cloud.close());
  const settings = { region: cloud.region, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  const ssm = cloud.connect(new SSMClient(settings));
  const secretsManager = cloud.connect(new SecretsManagerClient(settings));
  return { ssm, secretsManager, both: { ssm: () => ssm, secretsManager: () => secretsManager } };
}

it('a token is read from Parameter Store, decrypted, and from a key of a secret', async () => {
  const { ssm, secretsManager, both } = await stores();
  await ssm.send(new PutParameterCommand({ Name: '/shop/slack', Value: 'xoxb-4711', Type: 'SecureString' }));
  const SecretString = JSON.stringify({ token: 'sntry-4711' });
  await secretsManager.send(new CreateSecretCommand({ Name: 'shop/sentry', SecretString }));
  expect(await readSecretValue(both, 'ssm:/shop/slack')).toBe('xoxb-4711');
  expect(await readSecretValue(both, 'secretsmanager:shop/sentry')).toBe(SecretString);
  expect(await readSecretValue(both, 'secretsmanager:shop/sentry#token')).toBe('sntry-4711');
});

it('a token that does not exist is named by its place, and no other value is shown', async () => {
  const { secretsManager, both } = await stores();
  await secretsManager.send(new CreateSecretCommand({ Name: 'shop/sentry', SecretString: 'sntry-4711' }));
  const wrong = ['ssm:/shop/slack', 'secretsmanager:shop/sentry#token'];
  for (const reference of wrong) {
    const error = await readSecretValue(both, reference).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'secret.missing', message: expect.stringContaining('does not exist') });
    expect(String(error)).not.toContain('sntry-4711');
  }
});
