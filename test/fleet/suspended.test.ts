import type { Clock } from '@golden-pipeline/shared/clock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Group } from '../../src/aws/groups.ts';
import type { Services } from '../../src/fleet/services.ts';
import {
  mendingWatch,
  neededToBeWhole,
  refreshSuspensionWatch,
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
      fix: 'aws --region eu-west-1 autoscaling resume-processes --auto-scaling-group-name api --scaling-processes Launch Terminate',
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
  const notes: string[] = [];
  const context = {
    services: { fleet: aws } as Services,
    clock: { now: () => now } as Clock,
    note: (message: string) => void notes.push(message),
  };
  beforeEach(() => void notes.splice(0));

  it('notes it with its first reading, with the command that resumes it, and again when it was resumed meanwhile', () => {
    const watch = suspensionWatch(context);
    const resume =
      'aws --region eu-west-1 autoscaling resume-processes --auto-scaling-group-name api --scaling-processes Launch';
    const note = `Launch of api is suspended: no instance is launched (${since}); to resume it: ${resume}`;
    watch(group(['Launch']), ['Launch'], 'a');
    watch(group(['Launch', 'Terminate']), ['Launch'], 'a');
    expect(notes).toEqual([note]);
    watch(group([]), ['Launch'], 'a');
    watch(group(['Launch']), ['Launch'], 'a');
    expect(notes).toEqual([note, note]);
  });

  it('ends after 30 s in which nothing has moved, counted from the suspension', () => {
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

  /** Reads the same every 5 s, from now on. @returns after how many seconds the wait has ended; undefined when it has not within an hour */
  const endsAfter = (watch: ReturnType<typeof refreshSuspensionWatch>, ...suspended: string[]) => {
    for (let seconds = 0; seconds < 3600; seconds += 5, now += 5000) {
      try {
        watch(group(suspended), 'InProgress 40');
      } catch (error) {
        expect(error).toMatchObject({ code: 'group.suspended' });
        return seconds;
      }
    }
    return undefined;
  };

  it.each(['Launch', 'Terminate', 'InstanceRefresh'])('bears %s of a group with a refresh for three minutes', (one) => {
    expect(endsAfter(refreshSuspensionWatch(context, 3_600_000), one)).toBe(180);
    expect(endsAfter(refreshSuspensionWatch(context, 3_600_000, { back: true }), one)).toBe(180);
    expect(notes).toHaveLength(2);
  });

  it('bears it for half of its time where that is shorter', () => {
    expect(endsAfter(refreshSuspensionWatch(context, 100_000), 'Launch')).toBe(50);
  });

  it('counts anew when the process was resumed meanwhile', () => {
    const watch = refreshSuspensionWatch(context, 3_600_000);
    watch(group(['Terminate']), 'InProgress 40');
    now += 175_000;
    watch(group([]), 'InProgress 40');
    expect(endsAfter(watch, 'Terminate')).toBe(180);
  });

  it('bears AddToLoadBalancer for 30 s only, as the refresh goes on without traffic for its instances', () => {
    const watch = refreshSuspensionWatch(context, 3_600_000);
    watch(group(['AddToLoadBalancer']), 'InProgress 10');
    now += 25_000;
    watch(group(['AddToLoadBalancer']), 'InProgress 30');
    now += 5000;
    expect(() => watch(group(['AddToLoadBalancer']), 'InProgress 40')).toThrow('AddToLoadBalancer of api is suspended');
    expect(endsAfter(refreshSuspensionWatch(context, 3_600_000, { back: true }), 'AddToLoadBalancer')).toBe(180);
  });

  it('does not end a wait that endures it, which notes it only; but the registration ends it, with which the refresh goes on', () => {
    const watch = refreshSuspensionWatch(context, 3_600_000, { endures: true });
    expect(endsAfter(watch, 'Terminate', 'Launch')).toBeUndefined();
    expect(notes).toHaveLength(2);
    expect(endsAfter(watch, 'AddToLoadBalancer')).toBe(30);
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
