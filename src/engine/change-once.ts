import type { ChangeIntent, JournaledChange, RunContext } from './step.ts';

/**
 * Makes a change that creates something, unless an earlier process of this run has: then it resolves with what that one got, as its
 * journal has it. A change whose outcome is not known is made again, with the same token.
 */
export async function changeOnce<T>(
  context: Pick<RunContext<unknown, object>, 'change' | 'changes'>,
  intent: ChangeIntent,
  apply: (token: string) => Promise<T>,
): Promise<T> {
  const made = context
    .changes()
    .findLast((one) => one.action === intent.action && one.target === intent.target && isMade(one));
  return made ? (made.result as T) : context.change(intent, apply);
}

/** True for a change that was made, and not while undoing. */
export function isMade({ result, error, undoing }: JournaledChange): boolean {
  return result !== undefined && error === undefined && !undoing;
}
