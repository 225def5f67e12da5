import { existsSync } from 'node:fs';
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { systemClock } from '@golden-pipeline/shared/clock';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStsService } from '../../src/sts/service.ts';
import { createWireServer, type WireServer } from '../../src/wire/server.ts';

const aws = '/usr/bin/aws';
const withoutCli = existsSync(aws) ? '' : " (skipped: needs Debian's awscli, npm run setup -- --with-tests)";
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'a/secret+key' };
const region = 'eu-west-1';
const me = { Account: '000000000000', Arn: 'arn:aws:iam::000000000000:root', UserId: '000000000000' };

describe('STS', () => {
  let wire: WireServer;
  let endpoint: string;
  beforeAll(async () => {
    const tables = { sts: createStsService().handlers };
    const report = (error: unknown) => expect(error).toBeUndefined();
    wire = createWireServer({ tables, credentials, region, clock: systemClock(), report });
    endpoint = `http://127.0.0.1:${(await wire.listen('127.0.0.1', 0)).port}`;
  });
  afterAll(() => wire.close());

  it('STS-IDY-01 tells the SDK who one is, and nobody else', async () => {
    const client = new STSClient({ endpoint, region, credentials: { ...credentials }, maxAttempts: 1 });
    expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject(me);
    await expect(client.send(new GetSessionTokenCommand({}))).rejects.toMatchObject({ name: 'InvalidAction' });
    client.destroy();
    const stranger = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'x' };
    const other = new STSClient({ endpoint, region, credentials: stranger, maxAttempts: 1 });
    await expect(other.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    other.destroy();
  });

  it.skipIf(withoutCli !== '')(
    `tells Debian's aws${withoutCli}`,
    async () => {
      const env = {
        PATH: '/usr/bin:/bin',
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_DEFAULT_REGION: region,
        AWS_PAGER: '',
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      const argv = ['--endpoint-url', endpoint, '--output', 'json', 'sts', 'get-caller-identity'];
      const { stdout } = await execa(aws, argv, { env, extendEnv: false });
      expect(JSON.parse(stdout)).toEqual(me);
    },
    60_000,
  );
});
