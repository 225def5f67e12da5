import { expect, it } from 'vitest';
import type { Group } from '../../src/aws/groups.ts';
import { readinessOf } from '../../src/fleet/booting.ts';

/** A group of so many, with instances as `id: [lifecycle, state for the load balancer, Auto Scaling's opinion]`. */
function readiness(desired: number, instances: Record<string, [string, string?, string?]>) {
  const members = Object.entries(instances).map(([id, [lifecycle, , health = 'Healthy']]) => ({
    id,
    lifecycle,
    health,
  }));
  const targets = Object.entries(instances).flatMap(([id, [, state]]) => (state ? [{ id, state }] : []));
  const { starting, failing, healthy } = readinessOf({ desired, instances: members } as unknown as Group, targets);
  return { healthy, starting, failing };
}

it('instances that boot, are being registered or are still to be launched count as starting', () => {
  expect(
    readiness(6, {
      'i-1': ['InService', 'healthy'],
      'i-2': ['Pending'],
      'i-3': ['Pending:Wait'],
      'i-4': ['InService', 'initial'],
      'i-5': ['InService'],
    }),
  ).toEqual({
    healthy: 1,
    starting: [
      'i-2 is Pending',
      'i-3 is Pending:Wait',
      'i-4 is initial',
      'i-5 is not registered',
      'an instance to launch',
    ],
    failing: [],
  });
});

it('instances that are unhealthy for the load balancer or for Auto Scaling count as failing', () => {
  const found = readiness(3, {
    'i-1': ['InService', 'unhealthy'],
    'i-2': ['InService', 'initial', 'Unhealthy'],
    'i-3': ['InService', 'healthy'],
  });
  expect(found).toEqual({ healthy: 1, starting: [], failing: ['i-1 is unhealthy', 'i-2 is initial'] });
});

it('instances that are being removed leave room for others', () => {
  const found = readiness(2, {
    'i-1': ['InService', 'healthy'],
    'i-2': ['Terminating', 'draining'],
    'i-3': ['Standby'],
  });
  expect(found).toEqual({ healthy: 1, starting: ['an instance to launch'], failing: [] });
});
