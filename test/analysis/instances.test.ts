import { describe, expect, it } from 'vitest';
import { type InstanceLimits, InstanceWatch } from '../../src/analysis/instances.ts';
import type { TargetHealth } from '../../src/aws/balancers.ts';
import type { Group, GroupMember } from '../../src/aws/groups.ts';

/** A fleet in which each instance is `id: [lifecycle, target state, template version]`. */
function fleet(described: Record<string, [string, string?, string?]>, desired = 4) {
  const instances: GroupMember[] = Object.entries(described).map(([id, [lifecycle, , templateVersion = '2']]) => ({
    id,
    lifecycle,
    health: 'Healthy',
    templateVersion,
  }));
  const targets: TargetHealth[] = Object.entries(described).flatMap(([id, [, state]]) =>
    state ? [{ id, state }] : [],
  );
  return { group: { instances, desired } as Group, targets };
}

const limits: InstanceLimits = { healthyAtFirst: true, healthMs: 60_000, unhealthyPercent: 2 };

/** What each of some readings, ten seconds apart, finds. */
function readings(all: ReturnType<typeof fleet>[], options: Partial<InstanceLimits> = {}): string[][] {
  const watch = new InstanceWatch({ ...limits, ...options });
  return all.map(({ group, targets }, index) =>
    watch.read(index * 10_000, group, targets).map(({ id, state }) => `${id} ${state}`),
  );
}

const whole = fleet({ a: ['InService', 'healthy'], b: ['InService', 'healthy'] });

describe('health of a watched fleet', () => {
  it('is fine while the fleet grows, drains and is scaled in', () => {
    expect(
      readings([
        whole,
        fleet({ a: ['InService', 'healthy'], b: ['InService', 'healthy'], c: ['Pending'] }),
        fleet({ a: ['InService', 'healthy'], b: ['InService', 'draining'], c: ['InService', 'initial'] }),
        fleet({ a: ['InService', 'healthy'], b: ['Terminating', 'draining'], c: ['InService', 'unhealthy'] }),
        fleet({ a: ['InService', 'healthy'], c: ['InService', 'healthy'] }),
        fleet({ a: ['InService', 'healthy'] }),
      ]),
    ).toEqual([[], [], [], [], [], []]);
  });

  it('allows start-up time to an instance that is being registered at the first reading', () => {
    const joining = fleet({ a: ['InService', 'healthy'], b: ['InService', 'initial'] });
    expect(readings([joining, joining, whole])).toEqual([[], [], []]);
    expect(readings([joining, joining, joining], { healthMs: 15_000 })).toEqual([[], [], ['b initial']]);
  });

  it.each(['unhealthy', 'unused', 'unavailable', undefined])('is bad when an instance becomes %s', (state) => {
    const unhealthy = fleet({ a: ['InService', 'healthy'], b: ['InService', state] });
    expect(readings([whole, unhealthy, whole])).toEqual([[], [`b ${state ?? 'not registered'}`], []]);
  });

  it('stays bad when an unhealthy instance has been replaced', () => {
    const unhealthy = fleet({ a: ['InService', 'healthy'], b: ['InService', 'unhealthy'] });
    const replaced = fleet({ a: ['InService', 'healthy'], b: ['Terminating', 'draining'], c: ['Pending'] });
    expect(readings([whole, unhealthy, replaced, replaced]).at(-1)).toEqual(['b ended: unhealthy']);
  });

  it('allows a new instance its start-up time, and no longer', () => {
    const booting = fleet({ a: ['InService', 'healthy'], b: ['InService', 'unhealthy'] });
    const first = fleet({ a: ['InService', 'healthy'] });
    const found = readings([first, ...Array(8).fill(booting)]);
    expect(found.slice(0, 8).flat()).toEqual([]);
    expect(found.at(-1)).toEqual(['b unhealthy']);
  });

  it('tolerates one instance that never became healthy, but not two', () => {
    const rest: Record<string, [string, string]> = { a: ['InService', 'healthy'] };
    const one = fleet({ ...rest, b: ['Pending'] });
    const two = fleet({ ...rest, c: ['InService', 'initial'] });
    expect(readings([fleet(rest), one, fleet(rest), two, fleet(rest)]).map((found) => found.length)).toEqual([
      0, 0, 0, 0, 2,
    ]);
  });

  it('tolerates a share of unhealthy instances in a large fleet, and counts only instances of the given version', () => {
    const many = (unhealthy: number): Record<string, [string, string, string]> =>
      Object.fromEntries(
        Array.from({ length: 350 }, (_, index) => [
          `i-${index}`,
          ['InService', index < unhealthy ? 'unhealthy' : 'healthy', '2'],
        ]),
      );
    expect(readings([fleet(many(0), 350), fleet(many(7), 350), fleet(many(8), 350)]).map((one) => one.length)).toEqual([
      0, 0, 8,
    ]);
    const old = fleet({ a: ['InService', 'unhealthy', '1'], b: ['InService', 'healthy', '2'] });
    expect(readings([whole, old], { templateVersion: '2' })).toEqual([[], []]);
  });
});
