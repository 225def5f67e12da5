import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  GetServiceQuotaCommand,
  ListServiceQuotasCommand,
  RequestServiceQuotaIncreaseCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { vcpuQuota } from '../../../../src/aws/quotas.ts';
import { type LocalCloud, startLocalCloud } from '../../src/daemon/cloud.ts';

let dir: string;
let cloud: LocalCloud;
let client: ServiceQuotasClient;
const reports: unknown[] = [];

const open = async () => {
  cloud = await startLocalCloud({ dir, driver: 'simulated', report: (error) => reports.push(error) });
  const { endpoint, region, credentials } = cloud;
  client = new ServiceQuotasClient({ endpoint, region, credentials: { ...credentials }, maxAttempts: 1 });
};

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-quota-'));
  await open();
});
afterEach(async () => {
  client.destroy();
  await cloud.close();
  await rm(dir, { recursive: true, force: true });
  expect(reports.splice(0)).toEqual([]);
});

const vcpus = { ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' };

it('CLD-QTA-01 tells the quota of vCPUs to the newest client, and grants more', async () => {
  expect(await vcpuQuota(client)).toBe(1920);
  const { RequestedQuota } = await client.send(
    new RequestServiceQuotaIncreaseCommand({ ...vcpus, DesiredValue: 4000 }),
  );
  expect(RequestedQuota?.Status).toBe('APPROVED');
  // On disk before it is answered: a daemon that is killed now has it at its next start.
  const { state } = JSON.parse(await readFile(path.join(dir, 'state.json'), 'utf8'));
  expect(state.quotas).toEqual({ [vcpus.QuotaCode]: 4000 });
  expect(await vcpuQuota(client)).toBe(4000);
  const { Quotas } = await client.send(new ListServiceQuotasCommand({ ServiceCode: 'ec2' }));
  expect(Quotas).toHaveLength(1);
});

it('CLD-QTA-02 refuses what is not there, less than there is, and a wrong secret', async () => {
  const get = (QuotaCode: string) => client.send(new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode }));
  await expect(get('L-00000000')).rejects.toMatchObject({ name: 'NoSuchResourceException' });
  await expect(
    client.send(new RequestServiceQuotaIncreaseCommand({ ...vcpus, DesiredValue: 1 })),
  ).rejects.toMatchObject({ name: 'IllegalArgumentException' });
  const credentials = { ...cloud.credentials, secretAccessKey: 'wrong' };
  const stranger = new ServiceQuotasClient({
    endpoint: cloud.endpoint,
    region: cloud.region,
    credentials,
    maxAttempts: 1,
  });
  await expect(stranger.send(new GetServiceQuotaCommand(vcpus))).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  });
  stranger.destroy();
});

it('CLD-QTA-03 are of a region, and last as long as its records', async () => {
  const units = { ServiceCode: 'elasticloadbalancing', QuotaCode: 'L-8A66D0E6' };
  const { endpoint, credentials } = cloud;
  const elsewhere = new ServiceQuotasClient({ endpoint, region: 'us-east-1', credentials });
  await client.send(new RequestServiceQuotaIncreaseCommand({ ...units, DesiredValue: 500 }));
  expect((await client.send(new GetServiceQuotaCommand(units))).Quota?.Value).toBe(500);
  expect((await elsewhere.send(new GetServiceQuotaCommand(units))).Quota?.Value).toBe(0);
  elsewhere.destroy();
  client.destroy();
  await cloud.close();
  await open();
  expect((await client.send(new GetServiceQuotaCommand(units))).Quota?.Value).toBe(500);
});
