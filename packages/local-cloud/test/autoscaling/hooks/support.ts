import { type Fixture, setUp } from '../support.ts';

/** A group of two with a hook on each way, whose heartbeat is a minute. */
export async function hooked(results: { launching?: string; terminating?: string } = {}): Promise<Fixture> {
  const f = setUp();
  await f.create({ DesiredCapacity: 2 });
  for (const [way, result] of Object.entries(results)) {
    await f.send('PutLifecycleHook', {
      AutoScalingGroupName: 'api',
      LifecycleHookName: way,
      LifecycleTransition: `autoscaling:EC2_INSTANCE_${way.toUpperCase()}`,
      HeartbeatTimeout: 60,
      DefaultResult: result,
    });
  }
  return f;
}

export const desire = (f: Fixture, DesiredCapacity: number) =>
  f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity });

export const finish = (
  f: Fixture,
  LifecycleHookName: string,
  InstanceId: string | undefined,
  LifecycleActionResult: string,
) =>
  f.send('CompleteLifecycleAction', {
    AutoScalingGroupName: 'api',
    LifecycleHookName,
    InstanceId,
    LifecycleActionResult,
  });
