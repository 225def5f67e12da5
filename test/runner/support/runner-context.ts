import { EventEmitter } from 'node:events';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import type { RunEvent } from '../../../src/engine/events.ts';
import type { RunnerMessage } from '../../../src/runner/messages.ts';
import { operations } from '../../../src/runner/operations.ts';
import type { RunnerContext } from '../../../src/runner/ports.ts';
import { createRedact } from '../../../src/shared/redact.ts';

/** The runner's surroundings in memory: what is reported, asked and emitted is kept. */
export interface RunnerOfTest extends RunnerContext {
  readonly signals: EventEmitter;
  readonly messages: RunnerMessage[];
  readonly events: RunEvent[];
  readonly questions: string[];
  readonly exits: number[];
  /** Called for each message. */
  onMessage?: (message: RunnerMessage) => void;
}

/** @param changes `answer: false`: every question is answered with no. */
export function runnerOfTest(
  clock: Clock,
  command: string,
  { answer = true, ...changes }: Partial<RunnerContext> & { answer?: boolean } = {},
): RunnerOfTest {
  const messages: RunnerMessage[] = [];
  const events: RunEvent[] = [];
  const questions: string[] = [];
  const exits: number[] = [];
  const runner: RunnerOfTest = {
    clock,
    command,
    host: 'here',
    ...{ messages, events, questions, exits },
    redact: createRedact(),
    operations,
    project: { hooks: async () => [], task: async () => undefined },
    reporter: {
      report(message) {
        messages.push(message);
        runner.onMessage?.(message);
      },
      openEvents: async () => ({ emit: (event) => void events.push(event), close: async () => undefined }),
    },
    prompter: {
      async confirm(question) {
        questions.push(question);
        if (!answer) throw new PipelineError('declined', 'declined', { outcome: 'declined' });
      },
    },
    exit: (code) => void exits.push(code),
    ...changes,
    signals: new EventEmitter(),
  };
  return runner;
}
