import type { Clock } from '@golden-pipeline/shared/clock';
import { describe, expect, it } from 'vitest';
import type { Group } from '../../src/aws/groups.ts';
import type { Services } from '../../src/fleet/services.ts';
import {
  mendingWatch,
  neededToBeWhole,
  suspendedError,
  suspensionText,
  suspensionWatch,
} from '../../src/fleet/suspended.ts';

const since = 'User suspended at 2026-01-31T09:00:00Z';
const group = (suspended: string[], reason: string | undefined = since) => ({
  name: 'api',
  suspended,
  suspensionReasons: Object.fromEntries(suspended.flatMap((one) => (reason === undefined ? [] : [[one, reason]]))),
});
const aws = { cloud: 'aws', region: 'eu-west-1' } as Services['fleet'];

describe('the error for suspended processes', () => {
  it('names each with its meaning and the reason of Auto Scaling, and how to resume them and to find who it was', () => {
    expect(suspendedError(aws, group(['Terminate', 'AZRebalance', 'Launch']), ['Launch', 'Terminate'])).toMatchObject({
      code: 'group.suspended',
      message: `Launch of api is suspended: no instance is launched (${since}); Terminate of api is suspended: no instance is terminated (${since})`,
      fix: 'aws autoscaling resume-processes --auto-scaling-group-name api --scaling-processes Launch Terminate',
      details: [
        'who did it: aws cloudtrail lookup-events --region eu-west-1 --lookup-attributes AttributeKey=EventName,AttributeValue=SuspendProcesses --max-results 5',
      ],
    });
  });

  it('names no CloudTrail for a local cloud, and no reason that there is not', () => {
    const local = suspendedError({ ...aws, cloud: 'local' }, group(['Launch']), ['Launch']);
    expect(local).toMatchObject({ details: [], fix: expect.stringMatching(/^pipeline local aws autoscaling resume/) });
    const unexplained = { ...group(['Launch']), suspensionReasons: {} };
    expect(suspensionText(unexplained, 'Launch')).toBe('Launch of api is suspended: no instance is launched');
  });

  it('is undefined for processes that are not needed', () => {
    expect(suspendedError(aws, group(['AZRebalance', 'Terminate']), ['Launch'])).toBeUndefined();
  });
});

describe('a wait on a group with a suspended process', () => {
  let now = 0;
  const context = { services: { fleet: aws } as Services, clock: { now: () => now } as Clock };

  it('ends at once where nothing comes by itself', () => {
    const watch = suspensionWatch(context, { atOnce: true });
    watch(group([]), ['Launch'], 'a');
    expect(() => watch(group(['Launch']), ['Launch'], 'a')).toThrow('Launch of api is suspended');
  });

  it('else ends after 30 s in which nothing has moved, counted from the suspension', () => {
    const watch = suspensionWatch(context);
    watch(group([]), ['Launch'], '1 of 4');
    now += 60_000;
    watch(group(['Launch']), ['Launch'], '1 of 4');
    now += 29_000;
    watch(group(['Launch']), ['Launch'], '1 of 4');
    watch(group(['Launch']), ['Launch'], '2 of 4');
    now += 29_000;
    watch(group(['Launch']), ['Launch'], '2 of 4');
    watch(group(['Launch']), [], '2 of 4');
    now += 29_000;
    watch(group(['Launch']), ['Launch'], '2 of 4');
    now += 30_000;
    expect(() => watch(group(['Launch']), ['Launch'], '2 of 4')).toThrow('Launch of api is suspended');
  });
});

it('suspended health checks are noted once each', () => {
  const notes: string[] = [];
  const watch = mendingWatch({ note: (message) => notes.push(message) });
  watch(group(['Launch']));
  watch(group(['HealthCheck']));
  watch(group(['HealthCheck', 'ReplaceUnhealthy']));
  expect(notes).toEqual([
    `HealthCheck of api is suspended: unhealthy instances are not detected (${since})`,
    `ReplaceUnhealthy of api is suspended: unhealthy instances are not replaced (${since})`,
  ]);
});

describe('a group is made whole', () => {
  const members = (...lifecycles: string[]) =>
    ({ desired: 2, instances: lifecycles.map((lifecycle, index) => ({ id: `i-${index}`, lifecycle })) }) as Group;
  const targets = (...ids: string[]) => ids.map((id) => ({ id }));

  it.each<[string, Group, { id: string }[], string[]]>([
    ['by Launch while instances are missing', members('InService', 'Standby'), targets('i-0'), ['Launch']],
    ['by Launch while instances terminate', members('InService', 'Terminating'), targets('i-0', 'i-1'), ['Launch']],
    ['by nothing while instances boot', members('InService', 'Pending'), targets('i-0'), []],
    [
      'by AddToLoadBalancer while one in service is not registered',
      members('InService', 'InService'),
      targets('i-0'),
      ['AddToLoadBalancer'],
    ],
  ])('%s', (_, seen, registered, needed) => {
    expect(neededToBeWhole(seen, registered)).toEqual(needed);
  });
});
