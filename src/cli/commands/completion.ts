import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { CommandModule } from '../command.ts';
import { scripts } from '../completion/scripts.ts';
import { shells } from '../completion/shells.ts';
import { exitCodes } from '../exit-codes.ts';

/** `pipeline completion <shell>`: the script on stdout, for the shell to source. */
export const run: CommandModule['run'] = async (context, [name = '']) => {
  const shell = shells.find((one) => one === name);
  if (shell === undefined) {
    throw usageError('completion.shell', `there is no completion for ${show(name)}`, `one of ${shells.join(', ')}`);
  }
  context.stdout.write(scripts[shell]);
  return exitCodes.done;
};
