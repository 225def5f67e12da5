import { DescribeInstanceRefreshesCommand, StartInstanceRefreshCommand } from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateVersionCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyCloud } from './support.ts';

let f: FaultyCloud;
beforeEach(async () => {
  f = await FaultyCloud.start();
  await f.group(3);
  await f.until(
    () => f.members(),
    (members) => members.length === 3,
  );
  await f.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName: 'api',
      SourceVersion: '1',
      LaunchTemplateData: { InstanceType: 't3.micro' },
    }),
  );
});
afterEach(async () => {
  await f.close();
  expect(f.reports).toEqual([]);
});

const refresh = async () =>
  (await f.asg.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: 'api' }))).InstanceRefreshes?.[0];

const start = (AutoRollback: boolean) =>
  f.asg.send(
    new StartInstanceRefreshCommand({
      AutoScalingGroupName: 'api',
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateName: 'api', Version: '2' } },
      Preferences: { AutoRollback, BakeTime: 60, AlarmSpecification: { Alarms: ['api-errors'] } },
    }),
  );

const versions = async () => (await f.members()).map((one) => one.LaunchTemplate?.Version);

describe('alarm', () => {
  it('turns a refresh that watches it round, and counts it', async () => {
    await start(true);
    await f.until(refresh, (one) => (one?.PercentageComplete ?? 0) > 0);
    f.cloud.faults.add({ kind: 'alarm', alarm: 'disk' });
    f.cloud.faults.add({ kind: 'alarm', alarm: 'api-errors', region: 'us-east-1' });
    await f.clock.advance(250);
    expect((await refresh())?.Status).not.toBe('RollbackInProgress');
    f.cloud.faults.add({ kind: 'alarm', alarm: 'api-errors' });
    const done = await f.until(refresh, (one) => one?.Status === 'RollbackSuccessful');
    expect(done?.RollbackDetails?.RollbackReason).toContain('alarm api-errors is in the ALARM state');
    expect(await versions()).toEqual(['1', '1', '1']);
    expect(f.cloud.faults.list().map(({ hits }) => hits)).toEqual([0, 0, 1]);
  });

  it('fails one that begins while it is raised, and none after it is cleared', async () => {
    const { id } = f.cloud.faults.add({ kind: 'alarm', alarm: 'api-errors' });
    await start(false);
    await f.until(refresh, (one) => one?.Status === 'Failed');
    expect(await versions()).toEqual(['1', '1', '1']);
    f.cloud.faults.clear(id);
    await start(false);
    await f.until(refresh, (one) => one?.Status === 'Baking');
    await f.until(refresh, (one) => one?.Status === 'Successful');
    expect(await versions()).toEqual(['2', '2', '2']);
  });
});
