import type { NewEvent, RunEvent } from '../../../src/engine/events.ts';

const start = new Date(2026, 4, 4, 12, 3, 10).getTime();

/** Events one second apart, as a run would send them. */
export function recorded(events: NewEvent[]): RunEvent[] {
  return events.map((event, index) => ({ ...event, at: start + index * 1000, run: 'run-1' }) as RunEvent);
}

const steps = [
  { id: 'stage', title: 'Build the release on the bake instance' },
  { id: 'roll', title: 'Roll instances onto the new image' },
];

/** A release that went well. */
export const goodRun = recorded([
  { code: 'run.started', schema: 2, operation: 'release', app: 'api', environment: 'local', steps },
  { code: 'lock.acquired', app: 'api', environment: 'local' },
  { code: 'step.started', step: 'stage', title: 'Build the release on the bake instance' },
  { code: 'step.progress', step: 'stage', message: 'task 3', done: 3, total: 12 },
  { code: 'step.note', step: 'stage', message: 'bake instance i-1' },
  { code: 'step.finished', step: 'stage', seconds: 4.5 },
  { code: 'step.started', step: 'roll', title: 'Roll instances onto the new image' },
  { code: 'change.intent', step: 'roll', action: 'start-refresh', target: 'api', token: 't' },
  { code: 'change.outcome', step: 'roll', action: 'start-refresh', target: 'api', token: 't', ok: true },
  { code: 'step.finished', step: 'roll', seconds: 65 },
  { code: 'run.finished', outcome: 'done', seconds: 70, leftovers: [], summary: { version: 'v2', previous: 'v1' } },
  { code: 'lock.released', app: 'api', environment: 'local' },
]);

/** A release whose second step fails; the undo of the first does not work out. */
export const badRun = recorded([
  { code: 'run.started', schema: 2, operation: 'release', app: 'api', environment: 'local', steps },
  { code: 'step.started', step: 'stage', title: 'Build the release on the bake instance' },
  { code: 'step.finished', step: 'stage', seconds: 4 },
  { code: 'step.started', step: 'roll', title: 'Roll instances onto the new image' },
  {
    code: 'step.failed',
    step: 'roll',
    seconds: 2,
    error: {
      code: 'refresh.failed',
      message: 'the refresh failed',
      fix: 'look at i-2',
      details: ['i-2 never got healthy\u001b[2J'],
    },
  },
  { code: 'undo.started', step: 'roll', title: 'Roll instances onto the new image' },
  { code: 'undo.finished', step: 'roll', seconds: 1 },
  { code: 'undo.started', step: 'stage', title: 'Build the release on the bake instance' },
  { code: 'undo.failed', step: 'stage', error: { code: 'ssh.unreachable', message: 'i-1 does not answer' } },
  { code: 'run.finished', outcome: 'manual-intervention', seconds: 9, leftovers: ['releases/v2 on i-1'], summary: {} },
]);
