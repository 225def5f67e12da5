import { describe, expect, it } from 'vitest';
import { baselineOf, restartsBetween, type ServiceState } from '../../src/analysis/restarts.ts';

const runit: ServiceState = {
  boot: 'b',
  by: 'runit',
  pid: 10,
  restarts: null,
  started: 1,
  held: null,
  age: 60,
  again: false,
};
const systemd: ServiceState = { ...runit, by: 'systemd', restarts: 2 };
const held: ServiceState = { ...runit, held: 1 };

describe('restarts of a service between two readings', () => {
  it.each<[string, ServiceState, Partial<ServiceState>, number]>([
    ['nothing has happened', runit, {}, 0],
    ['runit has another process', runit, { pid: 11 }, 1],
    ['a play has started it', runit, { pid: 11, started: 2 }, 0],
    ['a switch has deleted the record of its start', runit, { pid: 11, started: null }, 0],
    ['systemd has restarted it', systemd, { pid: 11, restarts: 5 }, 3],
    ['a person has started it with systemd', systemd, { pid: 11, restarts: 0 }, 0],
    ['it has failed again after a start by a person', systemd, { pid: 11, restarts: 1 }, 1],
    [
      'a systemd that does not count has another process',
      { ...systemd, restarts: null },
      { pid: 11, restarts: null },
      1,
    ],
    ['environments have exited under the process that holds the socket', held, { held: 4 }, 3],
    ['the process that holds the socket has exited too', held, { pid: 11, held: 0 }, 1],
    ['an environment has taken over from another', held, { held: 1 }, 0],
  ])('are counted when %s', (_what, before, change, times) => {
    expect(restartsBetween(before, { ...before, ...change })).toEqual({ times });
  });

  it.each<[string, Parameters<typeof restartsBetween>[0], Parameters<typeof restartsBetween>[1], string]>([
    ['it did not answer before', { problem: 'no SSH' }, runit, 'no SSH'],
    ['it does not answer any more', runit, { problem: 'no SSH' }, 'no SSH'],
    ['it was booted', runit, { ...runit, boot: 'c', pid: 2 }, 'it was booted meanwhile'],
    [
      'its serve.py does not count',
      { ...held, held: 'not counted' },
      { ...held, held: 'not counted' },
      'the serve.py of its image tells nothing of restarts',
    ],
    [
      'its serve.py missed the first reading',
      { ...held, held: 'not counted' },
      { ...held, held: 5 },
      'its serve.py did not answer one of the two readings',
    ],
    [
      'its serve.py missed the second reading',
      held,
      { ...held, held: 'not counted' },
      'its serve.py did not answer one of the two readings',
    ],
  ])('are not known when %s', (_what, before, after, why) => {
    expect(restartsBetween(before, after)).toEqual({ why });
  });
});

describe('the restarts before a release', () => {
  const switched: ServiceState = { ...runit, held: 'not counted', age: 30, again: null };

  it('are counted on the instances of which it is known', () => {
    const answers = [runit, { ...held, again: true }, { ...runit, age: null }, switched, { problem: 'no SSH' }];
    expect(baselineOf(answers)).toEqual({ instances: 2, restarted: 1, seconds: 120 });
  });

  it('are not known where no serve.py counts, whatever the age of the environments', () => {
    expect(baselineOf([switched, { ...switched, started: null }])).toBeUndefined();
  });
});
