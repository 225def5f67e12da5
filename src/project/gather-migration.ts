import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { Answers } from './answers.ts';
import { commandArgv } from './command-argv.ts';
import type { Interview } from './gather.ts';

const question = 'Which command changes the database in each release, before the new version starts? (- for none)';

/**
 * Which command changes the database in each release. Nothing is run that nobody has accepted: where nobody can be asked, a proposal
 * stays one.
 * @param proposed What the files of the app say.
 * @throws usage error `init.migrate`
 */
export async function gatherMigration(
  { given, ask, acceptInitial }: Interview,
  proposed: readonly string[] | undefined,
): Promise<Answers['migrate']> {
  const wrong = (value: string) => {
    if (value.trim() === '') return 'a command, or - for none';
    return /[\p{Cc}]/u.test(value) ? 'one line' : undefined;
  };
  const option = given('migrate');
  const expected = option === undefined ? undefined : wrong(option);
  if (expected !== undefined) throw usageError('init.migrate', `--migrate ${show(option)}: expected ${expected}`);
  const asked = proposed && !acceptInitial;
  const answered = option ?? (asked ? await ask?.(question, { initial: proposed.join(' '), wrong }) : undefined);
  if (answered !== undefined && answered.trim() !== '-') return { command: commandArgv(answered), accepted: true };
  return proposed && { command: proposed, accepted: answered === undefined && acceptInitial };
}
