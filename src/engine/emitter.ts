import type { Clock } from '@golden-pipeline/shared/clock';
import { createRedact, type Redact } from '../shared/redact.ts';
import type { EventSink, NewEvent, RunEvent } from './events.ts';

/** Emits an event of a run. */
export type Emit = (event: NewEvent) => void;

/**
 * Adds time and run to events and passes them to readers without secrets. A reader that throws is dropped, as a run
 * must not depend on its readers.
 */
export function createEmitter(sink: EventSink, run: string, clock: Clock, redact: Redact = createRedact()): Emit {
  return (event) => {
    // Plain JSON data, so that every reader gets the same, in this process or from a file.
    const stamped = { ...redact(event), at: clock.now(), run } as RunEvent;
    try {
      sink(stamped);
    } catch {
      // The run continues; the journal has the important facts.
    }
  };
}
