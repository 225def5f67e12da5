import { type Interrupt, installInterrupt } from '../engine/interrupt.ts';
import type { RunningStep } from './messages.ts';
import type { RunnerContext } from './ports.ts';
import type { RunFacts } from './run-facts.ts';

/** The step that a run is in, by its events. */
export function runningStep({ run, steps }: RunFacts): { during?: RunningStep } {
  const step = steps.find(({ status }) => status === 'running')?.id;
  return run !== undefined && step !== undefined ? { during: { run, step } } : {};
}

/** Handles SIGINT, SIGTERM and SIGHUP during a run: the first undoes it, the second lists what is not undone and ends everything. */
export function watchInterrupts(context: RunnerContext, facts: RunFacts, app: string): Interrupt {
  const { reporter, clock } = context;
  return installInterrupt({
    source: context.signals,
    onFirst: () => reporter.report({ code: 'run.interrupted', at: clock.now(), ...runningStep(facts) }),
    onSecond() {
      const open = facts.steps.filter(
        ({ status }) => status !== 'pending' && status !== 'undone' && status !== 'skipped',
      );
      reporter.report({ code: 'run.stopped', app, open });
    },
    exit: (code) => context.exit(code),
  });
}

/** The same during the undo of a crashed run, which a first signal does not stop. */
export function watchUndoInterrupts(context: RunnerContext, app: string): Interrupt {
  const { reporter } = context;
  return installInterrupt({
    source: context.signals,
    onFirst: () => reporter.report({ code: 'undo.interrupted' }),
    onSecond: () => reporter.report({ code: 'undo.stopped', app }),
    exit: (code) => context.exit(code),
  });
}
