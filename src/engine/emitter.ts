import type { Clock } from '@golden-pipeline/shared/clock';
import { createRedact, type Redact } from '../shared/redact.ts';
import type { EventSink, NewEvent, RunEvent } from './events.ts';

/** Says an event of a run. */
export type Emit = (event: NewEvent) => void;

/**
 * Stamps events with time and run and hands them on without secrets.
 * A reader that throws is left out: what a run does must not depend on who watches it.
 */
export function createEmitter(sink: EventSink, run: string, clock: Clock, redact: Redact = createRedact()): Emit {
  return (event) => {
    // Plain data as JSON has it, so that every reader sees the same, in this process or from a file.
    const stamped = { ...redact(event), at: clock.now(), run } as RunEvent;
    try {
      sink(stamped);
    } catch {
      // The run goes on; the journal has what matters.
    }
  };
}
