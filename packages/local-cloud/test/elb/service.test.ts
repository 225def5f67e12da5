import { systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { expect, it } from 'vitest';
import { fleet, testCloud } from './support/cloud.ts';
import { freePort, get, Load, ownAddress, startBackend, startDriver } from './support/real.ts';

it('registers, serves, drains and deregisters over a real HAProxy, by the API alone', async () => {
  const real = await startDriver();
  const address = ownAddress();
  const port = await freePort(address);
  const cloud = testCloud(systemClock(), real.driver, address);
  const one = await startBackend('i-1');
  const two = await startBackend('i-2');
  try {
    for (const { id } of [one, two]) cloud.instance(id, '127.0.0.1');
    const check = { HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1, HealthCheckPath: '/health' };
    const { group } = await fleet(cloud, check, port);
    const health = async (id: string): Promise<string | undefined> => {
      const { TargetHealthDescriptions: all } = await cloud.call('DescribeTargetHealth', { TargetGroupArn: group });
      return all.find((entry: { Target: { Id: string } }) => entry.Target.Id === id)?.TargetHealth.State;
    };
    const register = (id: string, Port: number) =>
      cloud.call('RegisterTargets', { TargetGroupArn: group, Targets: [{ Id: id, Port }] });
    await register('i-1', one.port);
    expect(await health('i-1')).toBe('initial');
    await until(
      () => health('i-1'),
      (state) => state === 'healthy',
    );
    const url = `http://${address}:${port}/`;
    expect((await get(url)).text).toBe('i-1');
    const load = new Load(url, 8);
    await register('i-2', two.port);
    await until(
      () => health('i-2'),
      (state) => state === 'healthy',
    );
    let left = false;
    void cloud.service.targets.deregister(group, 'i-1').then(() => {
      left = true;
    });
    expect(await health('i-1')).toBe('draining');
    await until(() => left);
    expect(await health('i-1')).toBeUndefined();
    await one.close();
    const done = load.done;
    await until(() => load.done > done + 200);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect((await get(url)).text).toBe('i-2');
    await two.close();
    await until(
      () => health('i-2'),
      (state) => state === 'unhealthy',
    );
    expect(cloud.reports).toEqual([]);
  } finally {
    cloud.service.stop();
    await real.close();
    await Promise.all([one.close(), two.close()]);
  }
});
