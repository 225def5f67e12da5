import { describe, expect, it } from 'vitest';
import { createAutoScalingService } from '../../src/autoscaling/service.ts';
import { arn, setUp } from './support.ts';

describe('health of members', () => {
  it('replaces an instance that EC2 calls stopped or terminated', async () => {
    const f = setUp();
    await f.create();
    const dead = f.record().instances[0]?.instanceId ?? '';
    f.cloud.setInstance(dead, 'stopped');
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(4);
    expect(f.record().instances.map((i) => i.instanceId)).not.toContain(dead);
    expect((await f.causes()).find((c) => c.startsWith('Terminating'))).toMatch(
      /taken out of service in response to an EC2 health check indicating it has been terminated or stopped/,
    );
  });

  it('replaces an unhealthy target, but only after the grace period', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 2, HealthCheckGracePeriod: 30 });
    const unhealthy = f.record().instances[0]?.instanceId ?? '';
    f.cloud.setTarget(arn, unhealthy, 'unhealthy');
    await f.cloud.clock.advance(15_000);
    expect(f.record().instances[0]).toMatchObject({ instanceId: unhealthy, healthStatus: 'Healthy' });
    await f.cloud.clock.advance(20_000);
    expect(f.record().instances.map((i) => i.instanceId)).not.toContain(unhealthy);
    expect(f.inState('InService')).toHaveLength(2);
    expect((await f.causes()).join()).toContain('in response to an ELB system health check failure.');
  });

  it('does not ask the balancer with EC2 health checks', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 1, HealthCheckType: 'EC2' });
    const [only] = f.record().instances;
    f.cloud.setTarget(arn, only?.instanceId ?? '', 'unhealthy');
    await f.cloud.clock.advance(60_000);
    expect(f.record().instances).toEqual([only]);
  });

  it('marks but keeps unhealthy instances while ReplaceUnhealthy is suspended, and marks none without HealthCheck', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 2 });
    const [a, b] = f.record().instances;
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['ReplaceUnhealthy'] });
    f.cloud.setTarget(arn, a?.instanceId ?? '', 'unhealthy');
    await f.cloud.clock.advance(1_000);
    expect((await f.group()).Instances?.map((i) => i.HealthStatus)).toEqual(['Unhealthy', 'Healthy']);
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['HealthCheck'] });
    f.cloud.setTarget(arn, b?.instanceId ?? '', 'unhealthy');
    await f.cloud.clock.advance(1_000);
    expect(b?.healthStatus).toBe('Healthy');
    await f.send('ResumeProcesses', { AutoScalingGroupName: 'api' });
    await f.cloud.clock.advance(10_000);
    const ids = f.inState('InService').map((i) => i.instanceId);
    expect(ids).toHaveLength(2);
    expect(ids).not.toContain(a?.instanceId);
    expect(ids).not.toContain(b?.instanceId);
  });

  it('takes a health that a user sets, outside the grace period or when told to ignore it', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 1, HealthCheckGracePeriod: 3600 });
    const id = f.record().instances[0]?.instanceId;
    await f.send('SetInstanceHealth', { InstanceId: id, HealthStatus: 'Unhealthy' });
    await f.cloud.clock.advance(5_000);
    expect(f.record().instances[0]?.instanceId).toBe(id);
    await f.send('SetInstanceHealth', { InstanceId: id, HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false });
    await f.cloud.clock.advance(10_000);
    expect(f.record().instances[0]?.instanceId).not.toBe(id);
  });

  it('reports a machine that ends during its boot as a failed launch', async () => {
    const f = setUp();
    f.cloud.brokenBoots.add(1);
    await f.create({ DesiredCapacity: 1 });
    f.cloud.brokenBoots.clear();
    await f.cloud.clock.advance(20_000);
    expect(f.inState('InService')).toHaveLength(1);
    const { Activities } = await f.send('DescribeScalingActivities', { AutoScalingGroupName: 'api' });
    expect(Activities.filter((a: { StatusCode: string }) => a.StatusCode === 'Failed').length).toBeGreaterThan(0);
  });

  it('gives the members of before a minute to come back after a restart of the cloud', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 2 });
    const [a, b] = f.record().instances.map((i) => i.instanceId);
    f.service.stop();
    for (const id of [a, b]) f.cloud.setTarget(arn, id ?? '', 'unhealthy');
    const again = createAutoScalingService(f.cloud.context, f.cloud);
    again.start();
    await f.cloud.clock.advance(30_000);
    expect(f.inState('InService').map((i) => i.instanceId)).toEqual([a, b]);
    f.cloud.setTarget(arn, a ?? '', 'healthy');
    await f.cloud.clock.advance(40_000);
    const ids = f.inState('InService').map((i) => i.instanceId);
    expect(ids).toContain(a);
    expect(ids).not.toContain(b);
  });
});
