import { RequestServiceQuotaIncreaseCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import { unitQuota, vcpuQuota } from '../../src/aws/quotas.ts';

let world: World;
let client: ServiceQuotasClient;
openWorld(
  (opened) => {
    world = opened;
  },
  { wire: true },
);
beforeAll(async () => {
  client = new ServiceQuotasClient(world.config());
});
afterAll(async () => {
  client.destroy();
});

const raise = (ServiceCode: string, QuotaCode: string, DesiredValue: number) =>
  client.send(new RequestServiceQuotaIncreaseCommand({ ServiceCode, QuotaCode, DesiredValue }));

it('each quota is read by its own code, including an increase', async () => {
  // No units may be reserved until AWS has been asked, so 0 is an answer and not the lack of one.
  expect([await vcpuQuota(client), await unitQuota(client)]).toEqual([1920, 0]);
  await raise('ec2', 'L-1216C47A', 4000);
  await raise('elasticloadbalancing', 'L-8A66D0E6', 500);
  expect([await vcpuQuota(client), await unitQuota(client)]).toEqual([4000, 500]);
});

it('a refused quota request is thrown as the service returned it', async () => {
  const credentials = { ...world.place.credentials, secretAccessKey: 'wrong' };
  const stranger = new ServiceQuotasClient({ ...world.config(), credentials, maxAttempts: 1 });
  await expect(vcpuQuota(stranger)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  await expect(unitQuota(stranger)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  stranger.destroy();
});
