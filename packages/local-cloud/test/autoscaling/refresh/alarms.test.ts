import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from '../support.ts';

async function watched(more: object = {}): Promise<Fixture> {
  const f = setUp();
  await f.create();
  await f.startRefresh('2', {
    MinHealthyPercentage: 75,
    AlarmSpecification: { Alarms: ['errors', 'latency'] },
    ...more,
  });
  await f.cloud.clock.advance(6_000);
  return f;
}

describe('alarms of a refresh', () => {
  it('fail it, and leave what was replaced', async () => {
    const f = await watched();
    expect((await f.refresh()).Preferences?.AlarmSpecification).toEqual({ Alarms: ['errors', 'latency'] });
    f.cloud.raiseAlarm('latency');
    await f.cloud.clock.advance(10_000);
    const failed = await f.refresh();
    expect(failed.Status).toBe('Failed');
    expect(failed.StatusReason).toContain('alarm latency is in the ALARM state');
    expect(f.record().launchTemplate.version).toBe('1');
    expect(f.versions()).toContain(2);
    expect(f.inState('InService')).toHaveLength(4);
  });

  it('roll it back with AutoRollback, though they stay raised', async () => {
    const f = await watched({ AutoRollback: true });
    f.cloud.raiseAlarm('errors');
    await f.service.idle();
    expect(await f.refresh()).toMatchObject({
      Status: 'RollbackInProgress',
      RollbackDetails: { RollbackReason: expect.stringContaining('alarm errors') },
    });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('RollbackSuccessful');
    expect(f.versions()).toEqual([1, 1, 1, 1]);
  });

  it('fail it while it bakes', async () => {
    const f = await watched({ BakeTime: 600 });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Baking');
    f.cloud.raiseAlarm('errors');
    await f.service.idle();
    expect((await f.refresh()).Status).toBe('Failed');
  });

  it('mean nothing unless the refresh names them, nor once it has ended', async () => {
    const f = await watched();
    f.cloud.raiseAlarm('disk');
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Successful');
    f.cloud.raiseAlarm('errors');
    await f.service.idle();
    expect((await f.refresh()).Status).toBe('Successful');
  });

  it('stop a refresh that begins while they are raised, and none once they are OK again', async () => {
    const f = await watched();
    await f.cloud.clock.advance(60_000);
    f.cloud.raiseAlarm('errors');
    await f.startRefresh('3', { AlarmSpecification: { Alarms: ['errors'] } });
    await f.service.idle();
    expect((await f.refresh()).Status).toBe('Failed');
    f.cloud.alarms.delete('errors');
    await f.startRefresh('3', { MinHealthyPercentage: 50, AlarmSpecification: { Alarms: ['errors'] } });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Successful');
  });
});
