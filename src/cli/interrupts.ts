import { type Interrupt, installInterrupt } from '../run/interrupt.ts';
import type { CliContext } from './context.ts';
import type { OpenViews } from './views/open.ts';

/**
 * Handles Ctrl-C and SIGTERM during a run. The first is told as a note of the step at work, the second lists what has not been
 * put back before the process ends.
 */
export function watchInterrupts(context: CliContext, views: OpenViews, app: string): Interrupt {
  const { facts } = views;
  return installInterrupt({
    source: context.signals,
    onFirst() {
      const message = 'interrupted; what was changed is being put back (once more to stop at once)';
      const step = facts.steps.find((candidate) => candidate.status === 'running')?.id;
      if (facts.run && step) views.emit({ code: 'step.note', step, message, at: context.clock.now(), run: facts.run });
      else context.stderr.write(`${message}\n`);
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
