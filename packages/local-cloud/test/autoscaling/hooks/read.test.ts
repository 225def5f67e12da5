import { describe, expect, it } from 'vitest';
import { readHook } from '../../../src/autoscaling/hooks/read.ts';

const launching = 'autoscaling:EC2_INSTANCE_LAUNCHING';

describe('readHook', () => {
  it("fills in AWS's defaults: an hour, then ABANDON", () => {
    expect(readHook({ LifecycleHookName: 'in', LifecycleTransition: launching })).toEqual({
      name: 'in',
      transition: launching,
      heartbeatSeconds: 3600,
      defaultResult: 'ABANDON',
    });
  });

  it('keeps what an update does not name; an empty target takes it away', () => {
    const before = readHook({
      LifecycleHookName: 'in',
      LifecycleTransition: launching,
      HeartbeatTimeout: 60,
      DefaultResult: 'CONTINUE',
      NotificationTargetARN: 'arn:aws:sns:eu-west-1:000000000000:topic',
      RoleARN: 'arn:aws:iam::000000000000:role/r',
    });
    expect(readHook({ LifecycleHookName: 'in', HeartbeatTimeout: 90 }, before)).toEqual({
      ...before,
      heartbeatSeconds: 90,
    });
    expect(
      readHook({ LifecycleHookName: 'in', NotificationTargetARN: '' }, before).notificationTargetArn,
    ).toBeUndefined();
  });

  it.each([
    ['a name with a space', { LifecycleHookName: 'a b' }, "Invalid lifecycle hook name: 'a b'"],
    ['no name', { LifecycleHookName: undefined }, 'Invalid lifecycle hook name'],
    ['no transition', { LifecycleTransition: undefined }, 'LifecycleTransition is required'],
    [
      'another transition',
      { LifecycleTransition: 'autoscaling:REBOOT' },
      'Invalid Lifecycle Transition: autoscaling:REBOOT',
    ],
    ['too short a heartbeat', { HeartbeatTimeout: 29 }, 'between 30 and 7200 seconds, but is 29'],
    ['too long a heartbeat', { HeartbeatTimeout: 7201 }, 'between 30 and 7200 seconds, but is 7201'],
    ['another result', { DefaultResult: 'RETRY' }, 'DefaultResult must be CONTINUE or ABANDON, but is RETRY'],
  ])('refuses %s', (_what, more, message) => {
    expect(() => readHook({ LifecycleHookName: 'in', LifecycleTransition: launching, ...more })).toThrow(message);
  });
});
