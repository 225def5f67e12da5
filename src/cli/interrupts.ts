import { type Interrupt, installInterrupt } from '../engine/interrupt.ts';
import type { CliContext } from './context.ts';
import type { OpenViews } from './views/open.ts';

/** Says something that comes from outside of the run, as a note of the step at work. */
export function tellRunning(context: CliContext, { facts, emit }: OpenViews, message: string): void {
  const step = facts.steps.find((candidate) => candidate.status === 'running')?.id;
  if (facts.run && step) emit({ code: 'step.note', step, message, at: context.clock.now(), run: facts.run });
  else context.stderr.write(`${message}\n`);
}

/**
 * Handles Ctrl-C, SIGTERM and SIGHUP during a run. The first is told as a note of the step at work, the second lists what has not been
 * put back before the process ends.
 */
export function watchInterrupts(context: CliContext, views: OpenViews, app: string): Interrupt {
  const { facts } = views;
  return installInterrupt({
    source: context.signals,
    onFirst() {
      tellRunning(context, views, 'interrupted; what was changed is being put back (once more to stop at once)');
    },
    onSecond() {
      const open = facts.steps.filter(
        ({ status }) => status !== 'pending' && status !== 'undone' && status !== 'skipped',
      );
      const lines = open.map(({ id, title, status }) => `  ${id} (${status}): ${title}`);
      const what =
        lines.length > 0
          ? `; what these steps did has not been put back:\n${lines.join('\n')}`
          : '; nothing had been done';
      context.stderr.write(`\nstopped at once${what}\nhint: pipeline status ${app}; the lock ends by itself\n`);
    },
    exit: (code) => context.exit(code),
  });
}
