import { expect, test } from 'vitest';
import { renderHistory } from '../../../src/cli/views/history.ts';
import { renderImages } from '../../../src/cli/views/images.ts';
import { renderStatus } from '../../../src/cli/views/status.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';
import type { ImageStatus } from '../../../src/retention/read-images.ts';

const colors = colorsFor(false);
const now = new Date(2026, 4, 4, 12, 0).getTime();
const fleet = { app: 'api', environment: 'local' };

/** A fleet on which nothing is to be seen. */
const nothingGoesOn = { groups: [], traffic: [], instances: [], refreshes: [], unfinished: null };

test('status names what serves, who holds the lock and each instance', () => {
  const text = renderStatus(
    {
      ...fleet,
      imageId: null,
      drift: [],
      holds: [],
      version: 'v2',
      desired: 2,
      healthy: 1,
      groups: [{ name: 'api-local', share: 1, desired: 2, healthy: 1, until: null }],
      traffic: [{ version: 'v2', share: 1 }],
      instances: [
        {
          id: 'i-1',
          version: 'v2',
          lifecycle: 'InService',
          health: 'healthy',
          address: '127.0.16.1',
          group: 'api-local',
        },
        { id: 'i-2', version: null, lifecycle: 'Standby', health: 'unused', address: '', group: 'api-local' },
      ],
      refreshes: [{ id: 'r-1', group: 'api-local', status: 'InProgress', percentage: 40, remaining: 1, reason: null }],
      unfinished: null,
      maintenance: null,
      lock: {
        ...fleet,
        owner: 'ann\u001b[31m',
        host: 'h',
        command: 'pipeline release api',
        since: new Date(2026, 4, 4, 12, 3).toISOString(),
        heartbeat: '',
        expires: '',
        fence: 1,
        run: 'run-1',
      },
      run: { id: 'run-1', operation: 'release', startedAt: '', by: 'ann' },
    },
    colors,
    now,
  );
  expect(text).toBe(
    [
      'api in local  v2  1 of 2 healthy',
      'instance refresh of api-local: InProgress, 40 %, 1 instance to replace',
      'locked by ann on h since 2026-05-04 12:03 (pipeline release api)',
      'last run run-1: release running',
      'instance  version  lifecycle  health   address',
      'i-1       v2       InService  healthy  127.0.16.1',
      'i-2       -        Standby    unused   -',
      '',
    ].join('\n'),
  );
});

test('status shows an unfinished in-place rollback with the command that completes it', () => {
  const unfinished = { group: 'api-local', instances: 1, finish: 'pipeline fast-rollback api v1 --method rolling' };
  const text = (refresh: { id: string; status: string; reason: string | null } | null) =>
    renderStatus(
      {
        ...fleet,
        imageId: null,
        drift: [],
        holds: [],
        version: 'v1',
        desired: 1,
        healthy: 1,
        groups: [{ name: 'api-local', share: 1, desired: 1, healthy: 1, until: null }],
        traffic: [{ version: 'v1', share: 1 }],
        instances: [],
        refreshes: [],
        unfinished: { ...unfinished, refresh },
        maintenance: null,
        lock: null,
        run: null,
      },
      colors,
      now,
    ).split('\n')[1];
  const leftovers =
    '1 instance was switched to v1 and not replaced: another image is on it. Finish it: pipeline fast-rollback api v1 --method rolling';
  expect(text({ id: 'r-1', status: 'Failed', reason: 'no capacity' })).toBe(
    `instance refresh of api-local ended with status Failed (no capacity): ${leftovers}`,
  );
  expect(text(null)).toBe(`no instance refresh of api-local: ${leftovers}`);
});

test('a blue/green fleet shows both groups and their share of the traffic', () => {
  const text = renderStatus(
    {
      ...fleet,
      imageId: null,
      drift: [],
      holds: [],
      version: 'v2',
      desired: 1,
      healthy: 1,
      groups: [
        { name: 'api-local-green', share: 0.75, desired: 1, healthy: 1, until: null },
        { name: 'api-local', share: 0.25, desired: 1, healthy: 1, until: '2026-05-04T12:03:00' },
      ],
      traffic: [
        { version: 'v2', share: 0.75 },
        { version: 'v1', share: 0.25 },
      ],
      instances: [
        {
          id: 'i-1',
          version: 'v2',
          lifecycle: 'InService',
          health: 'healthy',
          address: '127.0.16.1',
          group: 'api-local-green',
        },
        {
          id: 'i-2',
          version: 'v1',
          lifecycle: 'InService',
          health: 'healthy',
          address: '127.0.16.2',
          group: 'api-local',
        },
      ],
      refreshes: [],
      unfinished: null,
      maintenance: null,
      lock: null,
      run: null,
    },
    colors,
    now,
  );
  expect(text).toBe(
    [
      'api in local  v2  1 of 1 healthy',
      'traffic: v2 75 %, v1 25 %',
      'group api-local-green: 75 % of the traffic, 1 of 1 healthy',
      'group api-local: 25 % of the traffic, 1 of 1 healthy, kept until 2026-05-04 12:03',
      'instance  version  lifecycle  health   address     group',
      'i-1       v2       InService  healthy  127.0.16.1  api-local-green',
      'i-2       v1       InService  healthy  127.0.16.2  api-local',
      '',
    ].join('\n'),
  );
});

test.each([
  [null, 'maintenance page: on until somebody takes it off: pipeline api maintenance-off'],
  [1, 'maintenance page: on until 2026-05-04 12:01'],
  [-1, 'maintenance page: on, and past its end (2026-05-04 11:59): pipeline api maintenance-off'],
])('status shows a maintenance page with its end, and a crashed run', (minutes, line) => {
  const until = minutes === null ? null : new Date(now + minutes * 60_000).toISOString();
  const text = renderStatus(
    {
      ...fleet,
      imageId: null,
      drift: [],
      holds: [],
      version: 'v1',
      desired: 1,
      healthy: 1,
      ...nothingGoesOn,
      maintenance: { run: 'run-1', until },
      lock: null,
      run: { id: 'run-2', operation: 'release', startedAt: '', by: 'ann' },
    },
    colors,
    now,
  );
  expect(text.split('\n')).toEqual([
    'api in local  v1  1 of 1 healthy',
    line,
    'last run run-2: release has crashed; to undo what it changed: pipeline abort api',
    '',
  ]);
});

test('status says what serves since when and by whom, and of which version the last run was an attempt', () => {
  const since = new Date(2026, 4, 4, 12, 3).toISOString();
  const text = renderStatus(
    {
      ...fleet,
      imageId: null,
      drift: [],
      holds: [],
      version: 'v6',
      desired: 1,
      healthy: 1,
      ...nothingGoesOn,
      maintenance: null,
      lock: null,
      run: {
        ...{ id: 'run-2', operation: 'release', startedAt: '', by: 'ann', outcome: 'rolled-back', version: 'v7' },
        error: { code: 'verify.failed', message: '/health answers 503', details: [] },
      },
      release: {
        ...{ version: 'v6', commit: 'c'.repeat(40), ref: 'main', subject: 'Sell\n\u001b[31mtickets', author: 'Ann' },
        ...{ url: 'https://github.com/shop/api/commit/ccc', since, by: 'bob@laptop', run: 'run-1' },
      },
    },
    colors,
    now,
  );
  expect(text.split('\n')).toEqual([
    'api in local  v6  1 of 1 healthy',
    'commit cccccccccccc "Sell tickets" by Ann  https://github.com/shop/api/commit/ccc',
    'serving since 2026-05-04 12:03, by bob@laptop (run run-1)',
    'last run run-2: release, attempt at v7: rolled-back: /health answers 503',
    '',
  ]);
});

test('status shows a fleet before its first release', () => {
  const text = renderStatus(
    {
      ...fleet,
      imageId: null,
      drift: [],
      holds: [],
      version: null,
      desired: 0,
      healthy: 0,
      ...nothingGoesOn,
      maintenance: null,
      lock: null,
      run: null,
    },
    colors,
    now,
  );
  expect(text).toBe('api in local  no release yet  0 of 0 healthy\n');
});

test('status names an image that is not a release, and each drift with its fix', () => {
  const text = renderStatus(
    {
      ...fleet,
      imageId: 'ami-9',
      holds: [],
      drift: [
        { kind: 'foreign-image', severity: 'warning', message: 'api-local launches image ami-9', fix: 'go back to v2' },
        { kind: 'template-default', severity: 'warning', message: 'its default version is 5', fix: 'set it to 7' },
      ],
      version: null,
      desired: 1,
      healthy: 1,
      ...nothingGoesOn,
      maintenance: null,
      lock: null,
      run: null,
      rollback: { version: 'v2', method: 'rolling', why: 'it can be launched', lastSeconds: null },
    },
    colors,
    now,
  );
  expect(text.split('\n')).toEqual([
    'api in local  ami-9, which is not a release  1 of 1 healthy',
    'warning: api-local launches image ami-9; fix: go back to v2',
    'warning: its default version is 5; fix: set it to 7',
    'fast-rollback to v2 by rolling: it can be launched',
    '',
  ]);
});

const image: ImageStatus = {
  version: 'v2',
  imageId: 'ami-2',
  state: 'available',
  commit: 'a'.repeat(40),
  projectCommit: null,
  createdAt: new Date(2026, 4, 4, 12, 3).toISOString(),
  inUse: false,
  pinned: false,
  knownGood: true,
  rolledBackAt: null,
  region: 'eu-west-1',
  kind: 'known-good',
  usedBy: [],
  keptBecause: ['one of the last 5 known-good ones'],
  pin: null,
  retiredAt: null,
  removableFrom: null,
  snapshotIds: ['snap-2'],
  sizeGb: 8,
  monthlyCost: 0.4,
};

test('images shows who uses and pinned each one, what will be deleted and the cost, and with none how images are created', () => {
  const home = { ...fleet, region: 'eu-west-1' };
  const now = new Date(2026, 4, 7, 13, 3).getTime();
  const gone = { kind: 'orphan' as const, knownGood: false, keptBecause: [], version: 'v1' };
  const removableFrom = new Date(2026, 4, 9, 8, 0).toISOString();
  const text = renderImages(
    home,
    [
      { ...image, inUse: true, usedBy: ['group api', '4 instances'], pinned: true, pin: { by: 'ann', reason: 'sale' } },
      { ...image, ...gone, region: 'us-east-1', imageId: 'ami-1', retiredAt: image.createdAt, removableFrom },
      { ...image, version: 'v3', imageId: 'ami-3', rolledBackAt: image.createdAt },
      { ...image, ...gone, imageId: '', state: 'gone', snapshotIds: ['snap-1'], commit: '' },
    ],
    now,
    colors,
  );
  expect(text.split('\n')).toEqual([
    'version  image   state      commit        age  size  what',
    'v2       ami-2   available  aaaaaaaaaaaa  3 d  8 GB  known-good, in use: group api, 4 instances, pinned by ann, "sale"',
    'v1       ami-1   retired    aaaaaaaaaaaa  3 d  8 GB  in us-east-1, orphan, may be deleted from 2026-05-09 08:00',
    'v3       ami-3   available  aaaaaaaaaaaa  3 d  8 GB  known-good, rolled back at 2026-05-04 12:03',
    'v1       snap-1  gone       -             3 d  8 GB  snapshot without an image, not kept',
    'all: 32 GB, at most 1.60 USD a month',
    'not kept: 16 GB, at most 0.80 USD a month; to delete it: pipeline images api prune',
    '',
  ]);
  expect(renderImages(home, [], now, colors)).toContain('pipeline release api');
});

test('history has a line for each run, also for one that has not finished', () => {
  const startedAt = new Date(2026, 4, 4, 12, 3).toISOString();
  const run = { ...fleet, id: 'run-1', operation: 'release', startedAt, by: 'ann', host: 'h', command: '', steps: [] };
  const text = renderHistory(
    fleet,
    [
      {
        ...{ ...run, outcome: 'done', version: 'v2', previous: 'v1', seconds: 61, finishedAt: startedAt },
        ...{ commit: 'a'.repeat(40), projectCommit: 'b'.repeat(40) },
      },
      run,
      { ...run, outcome: 'rolled-back', version: 'v3', previous: 'v2' },
    ],
    colors,
  );
  expect(text).toMatch(/^run-1 +2026-05-04 12:03 +release +attempt at v3 +v2 +- +rolled-back /m);
  expect(text).toMatch(/^run-1 +2026-05-04 12:03 +release +v2 +v1 +a{12} \(plays b{12}\) +done +1m 1s +ann$/m);
  expect(text).toMatch(/^run-1 +2026-05-04 12:03 +release +- +- +- +running +- +ann$/m);
  expect(renderHistory(fleet, [], colors)).toBe('no runs of api in local yet\n');
});
