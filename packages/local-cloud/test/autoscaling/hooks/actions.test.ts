import { describe, expect, it } from 'vitest';
import {
  beginActions,
  evaluateActions,
  globalTimeoutSeconds,
  heartbeat,
} from '../../../src/autoscaling/hooks/actions.ts';
import type { GroupInstance, GroupRecord, LifecycleHookRecord } from '../../../src/model.ts';

const transition = 'autoscaling:EC2_INSTANCE_LAUNCHING';
const hook = (name: string, more: Partial<LifecycleHookRecord> = {}): LifecycleHookRecord => ({
  name,
  transition,
  heartbeatSeconds: 60,
  defaultResult: 'ABANDON',
  ...more,
});

function begun(...hooks: LifecycleHookRecord[]): GroupInstance {
  const instance = {} as GroupInstance;
  beginActions({ hooks } as GroupRecord, instance, transition, 0);
  return instance;
}

const finish = (instance: GroupInstance, n: number, result: 'CONTINUE' | 'ABANDON') => {
  const action = instance.lifecycleActions?.[n];
  if (action) action.result = result;
};

describe('lifecycle actions', () => {
  it('begin for the hooks of their transition only, each with a token', () => {
    const other = hook('out', { transition: 'autoscaling:EC2_INSTANCE_TERMINATING' });
    expect(begun(hook('a'), other, hook('b')).lifecycleActions?.map((a) => a.hook)).toEqual(['a', 'b']);
    const instance = {} as GroupInstance;
    expect(beginActions({ hooks: [other] } as GroupRecord, instance, transition, 0)).toBe(false);
    expect(beginActions({} as GroupRecord, instance, transition, 0)).toBe(false);
    expect(instance.lifecycleActions).toBeUndefined();
  });

  it('hold until the first of them expires, whatever the hook becomes meanwhile', () => {
    const first = hook('a');
    const instance = begun(first, hook('b', { heartbeatSeconds: 30 }));
    first.heartbeatSeconds = 7200;
    expect(evaluateActions(instance, 0)).toEqual({ until: 30_000 });
    expect(instance.lifecycleActions?.[0]?.expiresAt).toBe(60_000);
  });

  it('continue when all do, by themselves or by default', () => {
    const instance = begun(hook('a', { defaultResult: 'CONTINUE' }), hook('b'));
    finish(instance, 1, 'CONTINUE');
    expect(evaluateActions(instance, 59_999)).toEqual({ until: 60_000 });
    expect(evaluateActions(instance, 60_000)).toEqual({ result: 'CONTINUE' });
  });

  it('are abandoned as soon as one is, and say why', () => {
    const instance = begun(hook('a'), hook('b'));
    finish(instance, 1, 'ABANDON');
    expect(evaluateActions(instance, 0)).toEqual({
      result: 'ABANDON',
      message: expect.stringContaining('Lifecycle Action Completed with ABANDON Result'),
    });
    const late = begun(hook('a'));
    expect(evaluateActions(late, 60_000)).toEqual({
      result: 'ABANDON',
      message: expect.stringContaining(`${late.lifecycleActions?.[0]?.token} was abandoned: Heartbeat Timeout`),
    });
  });

  it('live on by heartbeats, 48 hours or a hundred heartbeats at the most', () => {
    expect(globalTimeoutSeconds({ heartbeatSeconds: 30 })).toBe(3_000);
    expect(globalTimeoutSeconds({ heartbeatSeconds: 7200 })).toBe(172_800);
    const [action] = begun(hook('a')).lifecycleActions ?? [];
    if (!action) throw new Error('no action');
    heartbeat(action, 50_000);
    expect(action.expiresAt).toBe(110_000);
    heartbeat(action, 5_990_000);
    expect(action.expiresAt).toBe(6_000_000);
  });
});
