import { systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { expect, it } from 'vitest';
import { fleet, testCloud } from './support/cloud.ts';
import { freePort, get, ownAddress, startBackend, startDriver } from './support/real.ts';

const key = (header: string) => `routing.http.response.${header}.header_value`;
const server = 'routing.http.response.server.enabled';

it('are all listed, with what AWS has at first', async () => {
  const cloud = testCloud();
  const { listener: ListenerArn } = await fleet(cloud);
  const { Attributes } = await cloud.call('DescribeListenerAttributes', { ListenerArn });
  expect(Attributes).toHaveLength(11);
  expect(Attributes).toContainEqual({ Key: server, Value: 'true' });
  expect(Attributes).toContainEqual({ Key: key('x_frame_options'), Value: '' });
});

it('refuse what they cannot be, and then change nothing', async () => {
  const cloud = testCloud();
  const { listener: ListenerArn } = await fleet(cloud);
  const set = (...pairs: [string, string][]) =>
    cloud.call('ModifyListenerAttributes', { ListenerArn, Attributes: pairs.map(([Key, Value]) => ({ Key, Value })) });
  const good: [string, string] = [key('x_frame_options'), 'DENY'];
  for (const bad of [
    [key('x_frame_options'), 'MAYBE'],
    [key('x_content_type_options'), 'sniff'],
    [key('access_control_max_age'), '86401'],
    [key('access_control_allow_credentials'), 'false'],
    [key('content_security_policy'), "default-src 'self'\nX-Evil: 1"],
    [key('content_security_policy'), 'x'.repeat(1025)],
    [key('no_such_header'), 'x'],
    [server, 'off'],
    ['tcp.idle_timeout.seconds', '350'],
  ] as [string, string][])
    await expect(set(good, bad)).rejects.toMatchObject({ code: 'ValidationError' });
  await expect(set()).rejects.toMatchObject({ code: 'ValidationError' });
  await expect(cloud.call('DescribeListenerAttributes', { ListenerArn: `${ListenerArn}0` })).rejects.toMatchObject({
    code: 'ListenerNotFound',
  });
  const { Attributes } = await cloud.call('DescribeListenerAttributes', { ListenerArn });
  expect(Attributes).toContainEqual({ Key: good[0], Value: '' });
});

it('ELB-LSN-06 set the headers of every answer in HAProxy, literally', async () => {
  const real = await startDriver();
  const address = ownAddress();
  const port = await freePort(address);
  const cloud = testCloud(systemClock(), real.driver, address);
  const backend = await startBackend('i-1');
  try {
    cloud.instance('i-1', '127.0.0.1');
    const check = { HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1, HealthCheckPath: '/health' };
    const { group, listener: ListenerArn } = await fleet(cloud, check, port);
    const url = `http://${address}:${port}/`;
    const policy = `default-src 'self' https://a.example/%[src]?x="y"; report-uri /csp%20report`;
    const values = {
      [key('content_security_policy')]: policy,
      [key('strict_transport_security')]: 'max-age=31536000; includeSubDomains; preload',
      [key('x_frame_options')]: 'SAMEORIGIN',
    };
    const Attributes = Object.entries(values).map(([Key, Value]) => ({ Key, Value }));
    const changed = await cloud.call('ModifyListenerAttributes', { ListenerArn, Attributes });
    expect(changed.Attributes).toContainEqual({ Key: key('content_security_policy'), Value: policy });
    await until(async () => (await get(url).catch(() => undefined))?.headers['x-frame-options'] === 'SAMEORIGIN');
    // Of the balancer itself, as nobody serves yet.
    expect((await get(url)).headers['content-security-policy']).toBe(policy);
    await cloud.call('RegisterTargets', { TargetGroupArn: group, Targets: [{ Id: 'i-1', Port: backend.port }] });
    await until(async () => (await get(url)).status === 200);
    backend.headers = { server: 'node', 'x-frame-options': 'DENY' };
    expect((await get(url)).headers).toMatchObject({
      ...{ 'content-security-policy': policy, 'x-frame-options': 'SAMEORIGIN', server: 'node' },
      'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    });
    const off = [
      { Key: server, Value: 'false' },
      { Key: key('x_frame_options'), Value: '' },
    ];
    await cloud.call('ModifyListenerAttributes', { ListenerArn, Attributes: off });
    await until(async () => (await get(url)).headers.server === undefined);
    expect((await get(url)).headers).toMatchObject({ 'x-frame-options': 'DENY', 'content-security-policy': policy });
    expect(cloud.reports).toEqual([]);
  } finally {
    cloud.service.stop();
    await real.close();
    await backend.close();
  }
});
