import type { Outcome } from '@golden-pipeline/shared/errors';
import type { EventReader } from '../engine/event-hub.ts';
import type { ExpectedTime, RunEvent } from '../engine/events.ts';

/** Where a step is, as summaries and run records name it. */
export type StepStatus = 'pending' | 'running' | 'done' | 'failed' | 'skipped' | 'undone' | 'not-undone';

export interface StepLine {
  id: string;
  title: string;
  status: StepStatus;
  seconds: number;
}

/** What a run came to, gathered from its events alone. */
export interface RunFacts {
  run?: string;
  operation?: string;
  app?: string;
  environment?: string;
  steps: StepLine[];
  outcome?: Outcome;
  seconds?: number;
  /** How long it was expected to take. */
  expected?: ExpectedTime;
  /** Ids of the steps that have changed something, and of those whose changes were undone. */
  changed: Set<string>;
  undone: Set<string>;
  /** What is left in the cloud that a person must look at. */
  leftovers: string[];
  summary: Record<string, unknown>;
  error?: { code: string; message: string; fix?: string; details: string[] };
}

/**
 * A reader that keeps the facts of a run for the summary and the JSON document. An operation that is executed in several segments, with a
 * pause between them, is one run here, with the id of the first segment.
 */
export function readFacts(): EventReader & { readonly facts: RunFacts } {
  const facts: RunFacts = { steps: [], changed: new Set(), undone: new Set(), leftovers: [], summary: {} };
  const mark = (id: string, change: Partial<StepLine>): void => {
    const step = facts.steps.find((candidate) => candidate.id === id);
    if (step) Object.assign(step, change);
  };

  let began = 0;
  const on = (event: RunEvent): void => {
    switch (event.code) {
      case 'run.started':
        if (facts.run === undefined) {
          began = event.at;
          const { run, operation, app, environment } = event;
          Object.assign(facts, {
            run,
            operation,
            app,
            environment,
            ...(event.expected && { expected: event.expected }),
          });
        }
        facts.steps.push(
          ...event.steps.map(({ id, title }): StepLine => ({ id, title, status: 'pending', seconds: 0 })),
        );
        return;
      case 'run.finished':
        facts.outcome = event.outcome;
        facts.seconds = event.run === facts.run ? event.seconds : (event.at - began) / 1000;
        facts.leftovers = event.leftovers;
        facts.summary = event.summary;
        return;
      case 'change.intent':
        facts.changed.add(event.step);
        break;
      case 'step.started':
        mark(event.step, { status: 'running' });
        break;
      case 'step.finished':
        mark(event.step, { status: 'done', seconds: event.seconds });
        break;
      case 'step.skipped':
        mark(event.step, { status: 'skipped' });
        break;
      case 'step.failed':
        facts.error = event.error;
        mark(event.step, { status: 'failed', seconds: event.seconds });
        break;
      case 'undo.finished': {
        facts.undone.add(event.step);
        const failed = facts.steps.find((step) => step.id === event.step)?.status === 'failed';
        // What failed stays marked as such: it is the reason for all else.
        if (!failed) mark(event.step, { status: 'undone' });
        break;
      }
      case 'undo.failed':
        mark(event.step, { status: 'not-undone' });
        break;
      default:
        return;
    }
  };
  return { facts, on, close: async () => undefined };
}
