import { describeHold } from '../ledger/holds.ts';
import type { LockRecord } from '../ledger/types.ts';
import type { Blocking, RunnerMessage, RunningStep } from '../runner/messages.ts';
import type { Reporter, RunEvents } from '../runner/ports.ts';
import { instantOf } from '../shared/instant.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { openViews } from './views/open.ts';
import { clockTime, duration, printable } from './views/text.ts';

/** Reports to the terminal: messages as lines on stderr, or, while a step is drawn, as notes of that step. */
export function terminalReporter(context: CliContext, options: GlobalOptions): Reporter {
  let views: RunEvents | undefined;
  const write = (text: string) => void context.stderr.write(`${printable(text)}\n`);
  return {
    report(message) {
      const text = wordingOf(message);
      const note = noteOf(message);
      if (views && note) views.emit({ code: 'step.note', ...note, message: text });
      else write(text);
    },
    async openEvents() {
      views = await openViews(context, options);
      return views;
    },
  };
}

/** Where a message is shown that comes from outside of the run while a step is in progress. */
function noteOf(message: RunnerMessage): (RunningStep & { at: number }) | undefined {
  if (message.code !== 'run.interrupted' && message.code !== 'run.abort-requested') return undefined;
  return message.during && { ...message.during, at: message.at };
}

/** All wording of the runner's messages. */
function wordingOf(message: RunnerMessage): string {
  switch (message.code) {
    case 'hold.passed':
      return `warning: ${describeHold(message.hold)}; this run begins all the same: ${message.emergency}`;
    case 'hold.in-force':
      return `${describeHold(message.hold)}: this would be refused (exit 5)`;
    case 'lock.waiting':
      return `${message.reason}; waiting until it is released (press Ctrl-C twice to stop)`;
    case 'lock.awaited': {
      const { holder, at, until } = message;
      const since = instantOf(holder.since);
      const held = `locked by ${holderOf(holder)} since ${clockTime(since)} (${aboutTime(at - since)} ago)`;
      return `${holder.app} in ${holder.environment} is ${held}; waiting until ${clockTime(until)}, Ctrl-C to stop here`;
    }
    case 'lock.free':
      return `the lock of ${message.app} is free after ${aboutTime(message.seconds * 1000)}`;
    case 'lock.watching':
      return `the lock of ${message.holder.app} is overdue; watching for ${message.seconds} s whether ${holderOf(message.holder)} still renews it`;
    case 'lock.taken-over':
      return `warning: run ${message.run} (${message.command}) crashed without releasing the lock; this run does not undo its changes: pipeline abort ${message.app}`;
    case 'lock.not-released':
      return `warning: the lock of ${message.app} could not be released (${message.reason}); it expires at ${message.expires}`;
    case 'record.not-saved':
      return `warning: the end of run ${message.run} could not be recorded: ${message.reason}`;
    case 'run.after-end':
      return message.line;
    case 'notification.not-recorded':
      return `warning: run ${message.run} is not announced: its notifications could not be recorded: ${message.reason}`;
    case 'run.interrupted':
      return 'interrupted; the changes of this run are being undone (interrupt once more to stop at once)';
    case 'run.abort-requested':
      return `${message.reason}; the changes of this run are being undone`;
    case 'run.stopped':
      return stopped(message);
    case 'run.preempting':
      return `requested ${holderOf(message.holder)} to undo its changes and finish`;
    case 'run.awaited':
      return `waiting for ${holderOf(message.holder)} to finish`;
    case 'run.finished':
      return `run ${message.run} has finished: ${message.outcome ?? 'its process has crashed'}`;
    case 'run.crashed':
      return `run ${message.run.id} (${message.run.command}) crashed; its changes are being undone`;
    case 'run.leftovers':
      return `run ${message.run.id} (${message.run.command}) has left changes; they are being undone`;
    case 'run.continued':
      return [`run ${message.run.id} (${message.run.command}) is continued`, ...message.found].join('\n  ');
    case 'run.undo-planned':
      return `the undo of run ${message.run.id} (${message.run.command}) has begun: it would be finished`;
    case 'run.recovery-planned':
      return `run ${message.run.id} ("${message.run.command}" by ${message.run.by}) ${message.run.outcome ? 'has left changes' : 'crashed'}: its changes would be undone first, and then this plan would be made again`;
    case 'undo.started':
      return `undo: ${message.title}`;
    case 'undo.leftover':
      return `leftover: ${message.leftover}`;
    case 'undo.kept':
      return `"${message.title}" was finished, and is kept${message.undoCommand ? `; to undo it: ${message.undoCommand}` : ''}`;
    case 'undo.unsupported':
      return `"${message.title}" cannot be undone, only repeated: ${message.command}`;
    case 'undo.interrupted':
      return 'interrupted; the undo goes on until it is finished (interrupt once more to stop at once)';
    case 'undo.stopped':
      return `stopped at once\nfix: to continue the undo: pipeline abort ${message.app}`;
    case 'rollback.refused':
      return `${workOf(message.blocking)} was not aborted; to abort only that run: pipeline abort ${message.app}`;
    case 'rollback.by-undo': {
      const method =
        message.method === undefined ? '' : `; --method ${message.method} applies to what remains after that`;
      return `undoing that run takes ${message.version ?? 'its version'} out of the traffic${method}`;
    }
  }
}

function stopped({ open, app }: Extract<RunnerMessage, { code: 'run.stopped' }>): string {
  const lines = open.map(({ id, title, status }) => `  ${id} (${status}): ${title}`);
  const what =
    lines.length > 0
      ? `; the changes of these steps have not been undone:\n${lines.join('\n')}`
      : '; nothing had been changed';
  return `\nstopped at once${what}\nfix: pipeline status ${app}; the lock expires by itself`;
}

const aboutTime = (ms: number): string => duration(Math.max(0, Math.round(ms / 1000)));

const holderOf = ({ owner, host, command, run }: LockRecord): string => `${owner}@${host}'s "${command}" (run ${run})`;

/** A blocking run, as a part of a sentence. */
export function workOf({ run, lock }: Blocking): string {
  return lock ? `${lock.owner}'s "${lock.command}"` : `the crashed "${run.command}" by ${run.by}`;
}
