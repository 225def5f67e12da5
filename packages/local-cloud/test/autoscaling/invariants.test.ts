import fc from '@golden-pipeline/shared/testing/fast-check';
import { describe, expect, it } from 'vitest';
import { isWarm } from '../../src/autoscaling/lifecycle-states.ts';
import { refreshBounds } from '../../src/autoscaling/refresh/wave.ts';
import { poolCount, poolSize } from '../../src/autoscaling/warm-pool/size.ts';
import type { RefreshRecord } from '../../src/model.ts';
import { arn, type Fixture, setUp } from './support.ts';

type Move =
  | { kind: 'wait'; seconds: number }
  | { kind: 'desire'; n: number }
  | { kind: 'die' | 'makeUnhealthy' | 'standby' | 'return'; index: number; decrement: boolean }
  | { kind: 'refresh'; version: number; min: number; spread: number; explicit: boolean; rollback: boolean }
  | { kind: 'hook'; launching: boolean; result: 'CONTINUE' | 'ABANDON'; remove: boolean }
  | { kind: 'complete'; index: number; result: 'CONTINUE' | 'ABANDON' }
  | { kind: 'pool'; state: 'Stopped' | 'Running'; min: number; max: number; reuse: boolean }
  | { kind: 'drain-pool'; force: boolean }
  | { kind: 'restart'; seconds: number }
  | { kind: 'schedule'; seconds: number; n: number }
  | { kind: 'launch'; zone: 'a' | 'b' | 'c'; n: number }
  | { kind: 'full'; zone: 'a' | 'b' | 'c' }
  | { kind: 'alarm' }
  | { kind: 'policy'; max: number }
  | { kind: 'cancel' }
  | { kind: 'rollback' };

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 8 }) }) },
  fc.record({ kind: fc.constant('desire' as const), n: fc.integer({ min: 0, max: 12 }) }),
  fc.record({
    kind: fc.constantFrom('die' as const, 'makeUnhealthy' as const, 'standby' as const, 'return' as const),
    index: fc.nat(11),
    decrement: fc.boolean(),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('refresh' as const),
      version: fc.integer({ min: 1, max: 3 }),
      min: fc.constantFrom(0, 50, 75, 90, 100),
      spread: fc.constantFrom(0, 10, 50, 100),
      explicit: fc.boolean(),
      rollback: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constant('hook' as const),
    launching: fc.boolean(),
    result: fc.constantFrom('CONTINUE' as const, 'ABANDON' as const),
    remove: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('complete' as const),
    index: fc.nat(11),
    result: fc.constantFrom('CONTINUE' as const, 'ABANDON' as const),
  }),
  fc.record({
    kind: fc.constant('pool' as const),
    state: fc.constantFrom('Stopped' as const, 'Running' as const),
    min: fc.integer({ min: 0, max: 3 }),
    max: fc.integer({ min: 3, max: 9 }),
    reuse: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('drain-pool' as const), force: fc.boolean() }),
  fc.record({ kind: fc.constant('restart' as const), seconds: fc.integer({ min: 0, max: 5 }) }),
  fc.record({
    kind: fc.constant('schedule' as const),
    seconds: fc.integer({ min: 1, max: 20 }),
    n: fc.integer({ min: 0, max: 12 }),
  }),
  fc.record({
    kind: fc.constant('launch' as const),
    zone: fc.constantFrom('a', 'b', 'c'),
    n: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('full' as const), zone: fc.constantFrom('a', 'b', 'c') }),
  fc.constant<Move>({ kind: 'alarm' }),
  fc.record({ kind: fc.constant('policy' as const), max: fc.constantFrom(100, 110, 150) }),
  fc.constant<Move>({ kind: 'cancel' }),
  fc.constant<Move>({ kind: 'rollback' }),
);

async function play(f: Fixture, m: Move): Promise<void> {
  const AutoScalingGroupName = 'api';
  const nth = (list: { instanceId: string }[], n: number) => list[n % Math.max(1, list.length)]?.instanceId;
  if (m.kind === 'wait') await f.cloud.clock.advance(m.seconds * 1000);
  else if (m.kind === 'desire') await f.send('SetDesiredCapacity', { AutoScalingGroupName, DesiredCapacity: m.n });
  else if (m.kind === 'refresh') {
    const max = Math.max(100, Math.min(200, m.min + m.spread));
    await f.startRefresh(String(m.version), {
      MinHealthyPercentage: m.min,
      ...(m.explicit && { MaxHealthyPercentage: max }),
      AutoRollback: m.rollback,
      StandbyInstances: 'Ignore',
      AlarmSpecification: { Alarms: ['errors'] },
    });
  } else if (m.kind === 'cancel') await f.send('CancelInstanceRefresh', { AutoScalingGroupName });
  else if (m.kind === 'rollback') await f.send('RollbackInstanceRefresh', { AutoScalingGroupName });
  else if (m.kind === 'restart') await f.restart(m.seconds * 1000);
  else if (m.kind === 'schedule') {
    await f.send('PutScheduledUpdateGroupAction', {
      AutoScalingGroupName,
      ScheduledActionName: 'event',
      StartTime: new Date(f.cloud.clock.now() + m.seconds * 1000),
      DesiredCapacity: m.n,
    });
  } else if (m.kind === 'launch') {
    const AvailabilityZones = [`eu-west-1${m.zone}`];
    await f.send('LaunchInstances', { AutoScalingGroupName, RequestedCapacity: m.n, AvailabilityZones });
  } else if (m.kind === 'policy') {
    const InstanceMaintenancePolicy = { MinHealthyPercentage: 90, MaxHealthyPercentage: m.max };
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, InstanceMaintenancePolicy });
  } else if (m.kind === 'full') {
    if (!f.cloud.fullZones.delete(`eu-west-1${m.zone}`)) f.cloud.fullZones.add(`eu-west-1${m.zone}`);
  } else if (m.kind === 'alarm') {
    f.cloud.raiseAlarm('errors');
    await f.service.idle();
    f.cloud.alarms.clear();
  } else if (m.kind === 'hook') await playHook(f, m);
  else if (m.kind === 'complete') {
    const held = f.record().instances.filter((i) => i.lifecycleState.endsWith(':Wait'));
    const action = held[m.index % Math.max(1, held.length)]?.lifecycleActions?.[0];
    if (!action) return;
    await f.send('CompleteLifecycleAction', {
      AutoScalingGroupName,
      LifecycleHookName: action.hook,
      LifecycleActionToken: action.token,
      LifecycleActionResult: m.result,
    });
  } else if (m.kind === 'pool') {
    await f.send('PutWarmPool', {
      AutoScalingGroupName,
      PoolState: m.state,
      MinSize: m.min,
      MaxGroupPreparedCapacity: m.max,
      InstanceReusePolicy: { ReuseOnScaleIn: m.reuse },
    });
  } else if (m.kind === 'drain-pool') await f.send('DeleteWarmPool', { AutoScalingGroupName, ForceDelete: m.force });
  else if (m.kind === 'return') {
    const id = nth(f.inState('Standby'), m.index);
    if (id) await f.send('ExitStandby', { AutoScalingGroupName, InstanceIds: [id] });
  } else {
    const id = nth(f.inState('InService'), m.index);
    if (!id) return;
    if (m.kind === 'die') f.cloud.setInstance(id, 'terminated');
    else if (m.kind === 'makeUnhealthy') f.cloud.setTarget(arn, id, 'unhealthy');
    else
      await f.send('EnterStandby', {
        AutoScalingGroupName,
        InstanceIds: [id],
        ShouldDecrementDesiredCapacity: m.decrement,
      });
  }
}

/** Launching hooks end in CONTINUE by themselves: with ABANDON no group would ever come to rest. */
async function playHook(f: Fixture, { launching, result, remove }: Move & { kind: 'hook' }): Promise<void> {
  const hook = { AutoScalingGroupName: 'api', LifecycleHookName: launching ? 'in' : 'out' };
  if (remove) await f.send('DeleteLifecycleHook', hook);
  else {
    await f.send('PutLifecycleHook', {
      ...hook,
      LifecycleTransition: `autoscaling:EC2_INSTANCE_${launching ? 'LAUNCHING' : 'TERMINATING'}`,
      HeartbeatTimeout: 30,
      DefaultResult: launching ? 'CONTINUE' : result,
    });
  }
}

/** The warm pool: within its size, out of the balancer, and switched off where its state says so. */
function checkPool(f: Fixture): void {
  const group = f.record();
  const short = Math.max(0, group.desiredCapacity - f.active().length);
  expect(poolCount(group)).toBeLessThanOrEqual(poolSize(group) + short);
  for (const member of group.instances.filter(isWarm)) {
    expect(f.cloud.targets.state(arn, member.instanceId)).toBeUndefined();
    const machine = f.cloud.state.instances[member.instanceId]?.state;
    if (member.lifecycleState === 'Warmed:Stopped') expect(machine).toBe('stopped');
    if (member.lifecycleState === 'Warmed:Running') expect(machine).toBe('running');
  }
}

const resting = ['InService', 'Standby', 'Warmed:Stopped', 'Warmed:Running'];

/** Watches every deregistration: at that moment the refresh must have left enough in service. */
function watch(f: Fixture): string[] {
  const broken: string[] = [];
  const { deregister } = f.cloud.targets;
  f.cloud.targets.deregister = (targetGroup, id) => {
    const refresh = Object.values(f.cloud.state.refreshes).find((r) =>
      ['InProgress', 'RollbackInProgress'].includes(r.status),
    );
    const activity = f.cloud.state.activities.findLast((a) => a.description.includes(id));
    if (refresh && activity?.cause.includes('instance refresh')) {
      const ready = f.inState('InService').filter((i) => f.cloud.targets.state(arn, i.instanceId) === 'healthy').length;
      const serving = f.cloud.targets.state(arn, id) === 'healthy';
      const { floor } = refreshBounds(f.record().desiredCapacity, refresh.preferences);
      if (serving && ready < floor) broken.push(`${ready} in service, ${floor} wanted, after ${id}`);
    }
    return deregister(targetGroup, id);
  };
  return broken;
}

function allowed(f: Fixture): number {
  const group = f.record();
  const refresh = Object.values(f.cloud.state.refreshes).find(
    (r) => r.status === 'InProgress' || r.status === 'RollbackInProgress',
  );
  const cap = refresh ? refreshBounds(group.desiredCapacity, refresh.preferences).cap : group.desiredCapacity;
  const unhealthy = group.instances.filter((i) => i.lifecycleState === 'InService' && i.healthStatus === 'Unhealthy');
  // What AZRebalance has launched takes over from others only once it serves.
  return cap + (group.rebalance?.launched.length ?? 0) + unhealthy.length;
}

/** Fewer are wanted while the replacement of a unhealthy machine is on its way. */
const lowered: Move[] = [
  { kind: 'policy', max: 110 },
  { kind: 'launch', zone: 'a', n: 1 },
  { kind: 'makeUnhealthy', index: 0, decrement: false },
  { kind: 'desire', n: 4 },
];

/** More are asked for while too many are there, kept until a replacement serves. */
const asked: Move[] = [
  { kind: 'policy', max: 110 },
  { kind: 'makeUnhealthy', index: 0, decrement: false },
  { kind: 'launch', zone: 'a', n: 1 },
  { kind: 'desire', n: 4 },
  { kind: 'launch', zone: 'a', n: 1 },
];

describe('invariants', () => {
  it('hold for any sequence of changes, deaths and refreshes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 30, size: 'max' }), async (moves) => {
        const f = setUp();
        const broken = watch(f);
        await f.create({ MaxSize: 12 });
        for (const m of moves) {
          const before = f.active().length;
          await play(f, m).catch((error) => expect(error).toHaveProperty('code'));
          await f.service.idle();
          const group = f.record();
          expect(group.desiredCapacity).toBeGreaterThanOrEqual(group.minSize);
          expect(group.desiredCapacity).toBeLessThanOrEqual(group.maxSize);
          const transitional = Object.values(f.cloud.state.refreshes).some(
            (r: RefreshRecord) => r.status === 'Cancelling',
          );
          // Machines that a policy had launched before others end stay until they serve, also when fewer are wanted meanwhile.
          // LaunchInstances launches as many as it is asked for, beside those.
          const asked = m.kind === 'launch' ? m.n : 0;
          const kept = group.maintenancePolicy ? before + asked : 0;
          if (!transitional) expect(f.active().length).toBeLessThanOrEqual(Math.max(allowed(f), kept));
          checkPool(f);
        }
        f.cloud.fullZones.clear();
        await f.cloud.clock.advance(3_000_000);
        const group = f.record();
        expect(f.inState('InService')).toHaveLength(group.desiredCapacity);
        expect(group.instances.filter((i) => !resting.includes(i.lifecycleState))).toEqual([]);
        expect(poolCount(group)).toBe(poolSize(group));
        checkPool(f);
        expect(broken).toEqual([]);
        expect(f.cloud.reports).toEqual([]);
        const last = Object.values(f.cloud.state.refreshes).at(-1);
        if (last)
          expect(['Successful', 'Failed', 'Cancelled', 'RollbackSuccessful', 'RollbackFailed']).toContain(last.status);
        if (last?.status === 'Successful' && !moves.some((m) => m.kind === 'return' || m.kind === 'standby')) {
          expect(new Set(f.versions())).toEqual(
            new Set(group.desiredCapacity > 0 ? [Number(last.desiredLaunchTemplate?.version)] : []),
          );
        }
      }),
      { numRuns: Number(process.env.MODEL_RUNS ?? 150), examples: [[lowered], [asked]] },
    );
  }, 60_000);

  it('bounds always leave room for a replacement and never cross', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 100 }),
        fc.boolean(),
        (n, min, more, explicit) => {
          const preferences = {
            minHealthyPercentage: min,
            maxHealthyPercentage: Math.max(100, min + more),
            maxHealthyExplicit: explicit,
          };
          const { floor, cap } = refreshBounds(n, preferences as RefreshRecord['preferences']);
          expect(cap - floor).toBeGreaterThan(0);
          expect(cap).toBeGreaterThanOrEqual(n);
          expect(floor).toBeLessThanOrEqual(n);
        },
      ),
    );
  });
});
