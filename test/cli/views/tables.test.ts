import { expect, test } from 'vitest';
import { renderHistory } from '../../../src/cli/views/history.ts';
import { renderImages } from '../../../src/cli/views/images.ts';
import { renderStatus } from '../../../src/cli/views/status.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';

const colors = colorsFor(false);
const fleet = { app: 'api', environment: 'local' };

test('status names what serves, who holds the lock and each machine', () => {
  const text = renderStatus(
    {
      ...fleet,
      version: 'v2',
      desired: 2,
      healthy: 1,
      instances: [
        { id: 'i-1', version: 'v2', lifecycle: 'InService', health: 'healthy', address: '127.0.16.1' },
        { id: 'i-2', version: null, lifecycle: 'Standby', health: 'unused', address: '' },
      ],
      lock: {
        ...fleet,
        owner: 'ann\u001b[31m',
        host: 'h',
        command: 'pipeline release api',
        since: new Date(2026, 4, 4, 12, 3).toISOString(),
        heartbeat: '',
        expires: '',
        fence: 1,
      },
      run: { id: 'run-1', operation: 'release', startedAt: '', by: 'ann' },
    },
    colors,
  );
  expect(text).toBe(
    [
      'api in local  v2  1 of 2 healthy',
      'locked by ann on h since 2026-05-04 12:03 (pipeline release api)',
      'last run run-1: release running',
      'instance  version  lifecycle  health   address',
      'i-1       v2       InService  healthy  127.0.16.1',
      'i-2       -        Standby    unused   -',
      '',
    ].join('\n'),
  );
});

test('a fleet before its first release', () => {
  const text = renderStatus(
    { ...fleet, version: null, desired: 0, healthy: 0, instances: [], lock: null, run: null },
    colors,
  );
  expect(text).toBe('api in local  no release yet  0 of 0 healthy\n');
});

test('images tell which is in use and pinned; none yet says where they come from', () => {
  const createdAt = new Date(2026, 4, 4, 12, 3).toISOString();
  const image = {
    version: 'v2',
    imageId: 'ami-2',
    state: 'available',
    commit: 'a'.repeat(40),
    createdAt,
    knownGood: true,
  };
  expect(renderImages(fleet, [{ ...image, inUse: true, pinned: true }], colors)).toBe(
    [
      'version  image  state      commit        created',
      'v2       ami-2  available  aaaaaaaaaaaa  2026-05-04 12:03  in use, pinned',
      '',
    ].join('\n'),
  );
  expect(renderImages(fleet, [], colors)).toContain('pipeline release api');
});

test('history has a line for each run, also for one that has not ended', () => {
  const startedAt = new Date(2026, 4, 4, 12, 3).toISOString();
  const run = { ...fleet, id: 'run-1', operation: 'release', startedAt, by: 'ann', host: 'h', command: '', steps: [] };
  const text = renderHistory(
    fleet,
    [{ ...run, outcome: 'done', version: 'v2', previous: 'v1', seconds: 61, finishedAt: startedAt }, run],
    colors,
  );
  expect(text).toMatch(/^run-1 +2026-05-04 12:03 +release +v2 +v1 +done +1m 1s +ann$/m);
  expect(text).toMatch(/^run-1 +2026-05-04 12:03 +release +- +- +running +- +ann$/m);
  expect(renderHistory(fleet, [], colors)).toBe('no runs of api in local yet\n');
});
