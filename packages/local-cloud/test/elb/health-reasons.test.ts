import { systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fleet, type TestCloud, testCloud } from './support/cloud.ts';
import { type Backend, freePort, ownAddress, type RealBalancer, startBackend, startDriver } from './support/real.ts';

let real: RealBalancer;
let cloud: TestCloud<ReturnType<typeof systemClock>>;
let group: string;
let backend: Backend;

beforeEach(async () => {
  real = await startDriver();
  const address = ownAddress();
  cloud = testCloud(systemClock(), real.driver, address);
  backend = await startBackend('i-1');
  cloud.instance('i-1', '127.0.0.1');
  const check = { HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1, HealthCheckPath: '/health' };
  ({ group } = await fleet(cloud, { ...check, UnhealthyThresholdCount: 2 }, await freePort(address)));
});
afterEach(async () => {
  cloud.service.stop();
  await real.close();
  await backend.close();
  expect(cloud.reports).toEqual([]);
});

const health = async () => {
  const { TargetHealthDescriptions: all } = await cloud.call('DescribeTargetHealth', { TargetGroupArn: group });
  return all[0]?.TargetHealth;
};
const comes = async (Reason: string, Description: string) => {
  await until(health, (one) => one?.Description === Description, { seconds: 12 });
  expect(await health()).toEqual({ State: 'unhealthy', Reason, Description });
};

it('ELB-TGT-07 are reported as AWS words them, and follow the last bad check', async () => {
  await cloud.call('RegisterTargets', { TargetGroupArn: group, Targets: [{ Id: 'i-1', Port: backend.port }] });
  await until(health, (one) => one?.State === 'healthy');
  backend.healthy = false;
  await comes('Target.ResponseCodeMismatch', 'Health checks failed with these codes: [503]');
  backend.unhealthyStatus = 404;
  await comes('Target.ResponseCodeMismatch', 'Health checks failed with these codes: [404]');
  backend.unhealthyStatus = 0;
  await comes('Target.Timeout', 'Request timed out');
  await backend.close();
  await comes('Target.FailedHealthChecks', 'Health checks failed');
});
