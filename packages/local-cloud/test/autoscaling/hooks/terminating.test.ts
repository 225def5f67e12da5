import { describe, expect, it } from 'vitest';
import { arn } from '../support.ts';
import { desire, finish, hooked } from './support.ts';

describe('terminating hooks', () => {
  it('hold an instance once it is out of the balancer, its machine still running', async () => {
    const f = await hooked({ terminating: 'ABANDON' });
    await desire(f, 1);
    await f.service.idle();
    const id = f.inState('Terminating')[0]?.instanceId ?? '';
    expect(f.cloud.targets.state(arn, id)).toBe('draining');
    await f.cloud.clock.advance(30_000);
    expect(f.inState('Terminating:Wait').map((i) => i.instanceId)).toEqual([id]);
    expect(f.cloud.targets.state(arn, id)).toBeUndefined();
    expect(f.cloud.state.instances[id]?.state).toBe('running');
    await finish(f, 'terminating', id, 'CONTINUE');
    await f.service.idle();
    expect(f.inState('Terminating:Proceed')).toHaveLength(1);
    await f.cloud.clock.advance(1_000);
    expect(f.ids()).not.toContain(id);
    expect(f.cloud.state.instances[id]?.state).toBe('terminated');
  });

  it.each(['CONTINUE', 'ABANDON'])('end it anyway when nobody answers (%s)', async (result) => {
    const f = await hooked({ terminating: result });
    await desire(f, 1);
    await f.cloud.clock.advance(70_000);
    expect(f.ids()).toHaveLength(1);
    expect(f.cloud.reports).toEqual([]);
  });

  it('do not wait for the other hooks after ABANDON', async () => {
    const f = await hooked({ terminating: 'CONTINUE' });
    const other = { LifecycleHookName: 'other', LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' };
    await f.send('PutLifecycleHook', { AutoScalingGroupName: 'api', ...other });
    await desire(f, 1);
    await f.cloud.clock.advance(5_000);
    await finish(f, 'terminating', f.inState('Terminating:Wait')[0]?.instanceId, 'ABANDON');
    await f.cloud.clock.advance(1_000);
    expect(f.ids()).toHaveLength(1);
  });

  it('do not hold machines that have ended, nor those that never served', async () => {
    const f = await hooked({ terminating: 'CONTINUE' });
    f.cloud.setInstance(f.ids()[0] ?? '', 'terminated');
    await desire(f, 4);
    await f.cloud.clock.advance(500);
    await desire(f, 1);
    await f.cloud.clock.advance(8_000);
    expect(f.ids()).toHaveLength(1);
    expect(f.inState('Terminating:Wait')).toEqual([]);
  });

  it('let go when the machine ends meanwhile', async () => {
    const f = await hooked({ terminating: 'CONTINUE' });
    await desire(f, 1);
    await f.cloud.clock.advance(5_000);
    f.cloud.setInstance(f.inState('Terminating:Wait')[0]?.instanceId ?? '', 'terminated');
    await f.cloud.clock.advance(1_000);
    expect(f.ids()).toHaveLength(1);
  });

  it('hold on over a restart, and go on at their deadline', async () => {
    const f = await hooked({ terminating: 'CONTINUE' });
    await desire(f, 1);
    await f.cloud.clock.advance(5_000);
    await f.restart(30_000);
    expect(f.inState('Terminating:Wait')).toHaveLength(1);
    await f.cloud.clock.advance(30_000);
    expect(f.ids()).toHaveLength(1);
  });

  it('do not hold back a deletion by force', async () => {
    const f = await hooked({ terminating: 'CONTINUE' });
    await desire(f, 1);
    await f.cloud.clock.advance(5_000);
    await f.send('DeleteAutoScalingGroup', { AutoScalingGroupName: 'api', ForceDelete: true });
    await f.cloud.clock.advance(5_000);
    expect(f.cloud.state.groups).toEqual({});
  });
});
