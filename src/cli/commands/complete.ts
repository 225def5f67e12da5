import type { CommandModule, CommandSpec } from '../command.ts';
import { candidates } from '../completion/candidates.ts';
import { projectSources } from '../completion/project-sources.ts';
import { exitCodes } from '../exit-codes.ts';

/** `pipeline complete -- WORDS...`: a line for each word that could stand for the last one, a tab, and what it means. */
export function completing(
  commands: readonly CommandSpec[],
  groups: Readonly<Record<string, string>>,
): { run: CommandModule['run'] } {
  return {
    async run(context) {
      // As they were typed: half a command line must not be read as options of this one.
      const words = context.argv.slice(context.argv.indexOf('--') + 1);
      const found = await candidates(words, commands, groups, projectSources(context, words));
      if (found === 'files') context.stdout.write(':files\n');
      else for (const { value, description } of found) context.stdout.write(`${value}\t${oneLine(description)}\n`);
      return exitCodes.done;
    },
  };
}

/** Descriptions of tasks are a team's own; a line of the answer is one candidate. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ');
}
