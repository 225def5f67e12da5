import { expect, it } from 'vitest';
import { journalEvents } from '../../src/status/journal-events.ts';

const change = { step: 'bake', action: 'create-image', target: 'api-v2', token: 't', data: {}, undoing: false };
const entries = [
  {
    ...{ type: 'run.started', schema: 2, run: 'r', operation: 'release', app: 'api', environment: 'local', state: {} },
    steps: [{ id: 'bake', title: 'Bake the golden image' }],
  },
  { type: 'step.started', step: 'bake' },
  { type: 'change.intent', ...change },
  { type: 'change.outcome', intent: 3, ok: false, error: 'no room' },
  { type: 'step.failed', step: 'bake', error: { code: 'x', message: 'no image' } },
  { type: 'undo.started', step: 'bake' },
  { type: 'undo.finished', step: 'bake' },
  { type: 'of a newer program' },
  { type: 'run.finished', outcome: 'rolled-back', leftovers: [] },
].map((entry, index) => ({ ...entry, sequence: index + 1, at: 1000 * (index + 1) }));

it('a journal becomes the events of its run, with titles and times, and its changes as progress', () => {
  const toEvents = journalEvents('r');
  const events = [null, ...entries].flatMap((entry) => toEvents(entry));
  expect(events.map(({ at, run: _, ...event }) => [at / 1000, event])).toEqual([
    [
      1,
      {
        ...{ code: 'run.started', schema: 2, operation: 'release', app: 'api', environment: 'local' },
        steps: [{ id: 'bake', title: 'Bake the golden image' }],
      },
    ],
    [2, { code: 'step.started', step: 'bake', title: 'Bake the golden image' }],
    [3, { code: 'change.intent', step: 'bake', action: 'create-image', target: 'api-v2', token: 't' }],
    [3, { code: 'step.progress', step: 'bake', message: 'create-image api-v2' }],
    [4, { code: 'change.outcome', step: 'bake', action: 'create-image', target: 'api-v2', token: 't', ok: false }],
    [4, { code: 'step.note', step: 'bake', message: 'create-image api-v2 failed: no room' }],
    [5, { code: 'step.failed', step: 'bake', seconds: 3, error: { code: 'x', message: 'no image', details: [] } }],
    [6, { code: 'undo.started', step: 'bake', title: 'Bake the golden image' }],
    [7, { code: 'undo.finished', step: 'bake', seconds: 1 }],
    [9, { code: 'run.finished', outcome: 'rolled-back', leftovers: [], seconds: 8, summary: {} }],
  ]);
});

it('a journal tells the headline, the expected time and how long a window is', () => {
  const headline = { version: 'v2', commit: 'c', subject: 'Fix' };
  const expected = { seconds: 60, steps: { verify: 50 }, runs: 2 };
  const window = { message: 'watching the new version', endsAt: 61_000 };
  const toEvents = journalEvents('r');
  const events = [
    { ...entries[0], headline, expected },
    { type: 'state.saved', step: 'verify', facts: {}, window, sequence: 2, at: 1000 },
    { type: 'state.saved', step: 'verify', facts: { version: 'v2' }, sequence: 3, at: 1000 },
  ].flatMap((entry) => toEvents(entry));
  expect(events).toEqual([
    expect.objectContaining({ code: 'run.started', headline, expected }),
    { at: 1000, run: 'r', code: 'step.progress', step: 'verify', ...window },
  ]);
});
