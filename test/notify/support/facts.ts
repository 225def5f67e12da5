import type { Notification } from '../../../src/ledger/notification.ts';

const run = {
  id: '20261130T120000-ab12',
  operation: 'release',
  command: 'pipeline release api --env production',
  startedAt: '2026-11-30T12:00:00.000Z',
  steps: [{ id: 'stage', title: 'Stage the commit', status: 'done', seconds: 61.5 }],
};

const commits = [
  { commit: '1111111111111111111111111111111111111111', subject: 'Show the seats', author: 'ann' },
  { commit: '2222222222222222222222222222222222222222', subject: 'Count <b> & tickets', author: 'bob' },
  { commit: '3333333333333333333333333333333333333333', subject: 'Sell more', author: 'ann' },
];

/** A release of v42 that is done. */
export const released: Notification = {
  id: `${run.id}.released.slack`,
  occasion: 'released',
  brings: 'released',
  app: 'api',
  environment: 'production',
  at: '2026-11-30T12:06:00.000Z',
  by: 'ann@laptop',
  run: { ...run, seconds: 361.2, outcome: 'done' },
  version: 'v42',
  previous: 'v41',
  serving: 'v42',
  commit: commits[0]?.commit ?? '',
  since: { version: 'v41', added: 3, removed: 0, commits },
  undo: 'pipeline fast-rollback api v41 --env production',
};

/** Its start. */
export const started: Notification = {
  ...released,
  id: `${run.id}.started.slack`,
  occasion: 'started',
  at: run.startedAt,
  run,
  previous: undefined,
  serving: undefined,
  undo: undefined,
};

/** The same release, when it failed. */
export const failed: Notification = {
  ...released,
  id: `${run.id}.failed.slack`,
  occasion: 'failed',
  run: { ...run, seconds: 200, outcome: 'rolled-back' },
  serving: 'v41',
  undo: undefined,
  error: { code: 'release.unhealthy', message: 'v42 does not answer on /health', fix: 'look at its log' },
};

export const rolledBack: Notification = {
  ...released,
  id: `${run.id}.rolled-back.slack`,
  occasion: 'rolled-back',
  brings: 'rolled-back',
  run: { ...run, operation: 'fast-rollback', command: 'pipeline fast-rollback api', seconds: 8.2, outcome: 'done' },
  version: 'v41',
  previous: 'v42',
  serving: 'v41',
  since: undefined,
  undo: 'pipeline fast-rollback api v42 --env production',
};

export const held: Notification = {
  id: '20261130T120000000-hold-api.hold.slack',
  occasion: 'hold',
  app: 'api',
  environment: 'production',
  at: '2026-11-30T12:00:00.000Z',
  by: 'ann@laptop',
  hold: { reason: 'sale of the final', until: '2026-12-01T14:00:00.000Z' },
};

export const tried: Notification = {
  id: '20261130T120000000.test.slack',
  occasion: 'test',
  app: 'api',
  environment: 'production',
  at: '2026-11-30T12:00:00.000Z',
  by: 'ann@laptop',
};
