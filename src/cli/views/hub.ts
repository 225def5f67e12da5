import type { EventSink, RunEvent } from '../../engine/events.ts';

/** A reader of the event stream. */
export interface View {
  /** Called for each event, in order. */
  on(event: RunEvent): void;
  /** Ends the view and resolves when all is shown or written; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Hands each event to all views. A view that throws is dropped and reported once: a full disk or a broken terminal must
 * not stop a run halfway.
 */
export class EventHub {
  #views = new Set<View>();
  readonly #report: (error: unknown) => void;

  constructor(views: Iterable<View>, report: (error: unknown) => void) {
    for (const view of views) this.#views.add(view);
    this.#report = report;
  }

  /** The sink for the engine. */
  readonly emit: EventSink = (event) => {
    for (const view of this.#views) {
      try {
        view.on(event);
      } catch (error) {
        this.#views.delete(view);
        this.#report(error);
      }
    }
  };

  /** Ends all views; none is left out because another failed. */
  async close(): Promise<void> {
    const views = [...this.#views];
    this.#views.clear();
    for (const result of await Promise.allSettled(views.map((view) => view.close()))) {
      if (result.status === 'rejected') this.#report(result.reason);
    }
  }
}
