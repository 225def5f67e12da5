import type { RunEvent } from '../engine/events.ts';
import type { JournalEntry } from '../engine/journal.ts';

/**
 * Turns the entries of a run's journal into the events that a view draws. The journal has no notes and no progress of a step: its changes
 * and windows of known length are shown as progress, and changes that failed as notes. Entries of a kind that this version does not know are left out.
 * @returns a function to be called with each entry, in their order
 */
export function journalEvents(run: string): (entry: unknown) => RunEvent[] {
  let began: number | undefined;
  const titles = new Map<string, string>();
  const since = new Map<string, number>();
  const intents = new Map<number, Extract<JournalEntry, { type: 'change.intent' }>>();

  return (given) => {
    if (typeof given !== 'object' || given === null) return [];
    const entry = given as JournalEntry;
    const { at } = entry;
    const seconds = (key: string) => (at - (since.get(key) ?? at)) / 1000;
    switch (entry.type) {
      case 'run.started': {
        began = at;
        const { schema, operation, app, environment, steps, headline, expected } = entry;
        for (const { id, title } of steps) titles.set(id, title);
        const outlook = { ...(headline && { headline }), ...(expected && { expected }) };
        return [{ at, run, code: entry.type, schema, operation, app, environment, steps, ...outlook }];
      }
      case 'run.finished': {
        const { outcome, leftovers } = entry;
        return [{ at, run, code: entry.type, outcome, leftovers, seconds: (at - (began ?? at)) / 1000, summary: {} }];
      }
      case 'step.started':
      case 'undo.started':
        since.set(entry.step, at);
        return [{ at, run, code: entry.type, step: entry.step, title: titles.get(entry.step) ?? entry.step }];
      case 'step.finished':
      case 'undo.finished':
        return [{ at, run, code: entry.type, step: entry.step, seconds: seconds(entry.step) }];
      case 'step.skipped':
        return [{ at, run, code: entry.type, step: entry.step, reason: entry.reason }];
      case 'step.failed': {
        const error = { ...entry.error, details: [] };
        return [{ at, run, code: entry.type, step: entry.step, seconds: seconds(entry.step), error }];
      }
      case 'undo.failed':
        return [{ at, run, code: entry.type, step: entry.step, error: entry.error }];
      case 'state.saved': {
        const { step, window } = entry;
        return window ? [{ at, run, code: 'step.progress', step, ...window }] : [];
      }
      case 'change.intent': {
        intents.set(entry.sequence, entry);
        const { step, action, target, token } = entry;
        return [
          { at, run, code: entry.type, step, action, target, token },
          { at, run, code: 'step.progress', step, message: `${action} ${target}` },
        ];
      }
      case 'change.outcome':
        return outcomeEvents(run, entry, intents.get(entry.intent));
      default:
        return [];
    }
  };
}

function outcomeEvents(
  run: string,
  entry: Extract<JournalEntry, { type: 'change.outcome' }>,
  intent: Extract<JournalEntry, { type: 'change.intent' }> | undefined,
): RunEvent[] {
  if (!intent) return [];
  const { at, ok } = entry;
  const { step, action, target, token } = intent;
  const message = ok ? '' : `${action} ${target} failed: ${entry.error}`;
  return [
    { at, run, code: 'change.outcome', step, action, target, token, ok },
    ...(ok ? [] : [{ at, run, code: 'step.note', step, message } as const]),
  ];
}
