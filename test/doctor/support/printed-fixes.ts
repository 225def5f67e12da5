import { expect } from 'vitest';
import { parse } from '../../../src/cli/program.ts';
import { commandWords } from '../../../src/config/command-words.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { commandsIn } from '../../../src/doctor/fix-commands.ts';
import { fakeContext } from '../../cli/support/fake-context.ts';

/** The words of a command as a shell would pass them; only single quotes are used in fixes. */
export const wordsOf = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));

/** Each command that a fix prints is one that the command line accepts as it stands. */
export async function expectRunnable(findings: readonly Finding[]): Promise<void> {
  for (const command of findings.flatMap(({ fix = '' }) => commandsIn(fix))) {
    const [, ...words] = wordsOf(command);
    // `pipeline <app> <task>` is short for this; which tasks there are, the project says.
    const argv = commandWords.includes(words[0] ?? '') ? words : ['run', ...words];
    await expect(parse(fakeContext(argv)), command).resolves.not.toBe('printed');
  }
}
