import type { Preemption } from '../../runner/roll-back.ts';
import { workOf } from '../terminal-reporter.ts';
import { describeVersions } from './active-run.ts';

/** What the end of the run that blocks a rollback does for it, a line each. */
export function describePreemption({ blocking, move, target }: Preemption): string[] {
  const end = `${workOf(blocking)} is aborted, and its changes are undone`;
  if (!move) return [end];
  const { moved, previous = 'nothing', version = 'a new version' } = move;
  const lines = [end, describeVersions(move)];
  const back = `undoing it is the rollback: ${previous} serves again`;
  if (target === previous) return [...lines, moved ? back : `${previous} continues to serve`];
  if (!moved) return lines;
  return [
    ...lines,
    back,
    `then from ${previous} to ${target}; the method is known once ${version} is out of the traffic`,
  ];
}
