import type { HookPoint, LocalHook } from '../../config/schema/hooks.ts';
import { changeOnce } from '../../engine/change-once.ts';
import { isEnded } from '../../engine/journal.ts';
import { shellCommand } from '../../hosts/quote.ts';
import { outputLimit } from '../command-output.ts';
import type { ReleaseContext, ReleaseStep } from '../state.ts';
import { runHookCommand } from './run-command.ts';

/**
 * A command that runs where the pipeline runs, as a step of a release. It is run at least once: when the process of the run is killed
 * meanwhile, nobody knows how it ended, and the run that is resumed runs it again and says so.
 */
export function commandStep(
  hook: LocalHook,
  { id, point, undoing }: { id: string; point: HookPoint; undoing: boolean },
): ReleaseStep {
  const shown = shellCommand(hook.command);
  return {
    id,
    title: `Run ${shown}`,
    describe: () => [
      `\`${shown}\` on this computer, for up to ${hook.timeoutSeconds} s`,
      ...(point === 'after-verify' && !undoing ? ['when it fails, the release stays and ends with a warning'] : []),
    ],
    run: (context) => run(context, hook, point, undoing),
  };
}

async function run(context: ReleaseContext, hook: LocalHook, point: HookPoint, undoing: boolean): Promise<void> {
  const { services, state, run: own, clock, signal } = context;
  const action = undoing ? 'undo-hook' : 'run-hook';
  const repeated = context.changes().some((change) => change.action === action && !isEnded(change));
  if (repeated) context.note('how it ended in an earlier process of this run is not known, so it is run again');
  const { version, commit, current } = state;
  const previous = current.version;
  const given = {
    ...{ hook: point, operation: own.operation, run: own.id, version, commit },
    ...(previous !== undefined && { previous }),
    ...(undoing && { undo: true as const }),
    ...(repeated && { repeated: true as const }),
  };
  const { write } = outputLimit(context);
  await changeOnce(context, { action, target: services.fleet.app, data: { point } }, () =>
    runHookCommand(services, hook, given, { clock, signal, onLine: (line) => write(`${line}\n`) }),
  );
}
