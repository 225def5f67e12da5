import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { Prompter } from '../runner/ports.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { printable } from './views/text.ts';

/** Asks on the terminal before something that cannot be undone, unless `--yes` was given. */
export function terminalPrompter(
  { interactive }: Pick<CliContext, 'interactive'>,
  options: Pick<GlobalOptions, 'yes' | 'json'>,
): Prompter {
  return {
    async confirm(question) {
      if (options.yes) return;
      // A program that reads the JSON document cannot answer either.
      if (!interactive || options.json) {
        throw usageError(
          'usage.needs-yes',
          `confirmation required: ${question}`,
          'there is no terminal to ask on; confirm it with --yes',
        );
      }
      const prompts = await import('@clack/prompts');
      const answer = await prompts.confirm({
        message: printable(question),
        initialValue: false,
        output: process.stderr,
      });
      if (answer !== true) throw declined();
    },
  };
}

/**
 * Asks for a line of text; an answer that `wrong` finds something in is prompted for again.
 * @throws code `declined` (outcome `declined`) when the person gives up
 */
export async function askText(
  question: string,
  { initial, wrong }: { initial?: string; wrong: (value: string) => string | undefined },
): Promise<string> {
  const prompts = await import('@clack/prompts');
  const answer = await prompts.text({
    message: question,
    initialValue: initial,
    output: process.stderr,
    validate: (value) => {
      const expected = wrong(value ?? '');
      return expected === undefined ? undefined : `expected ${expected}`;
    },
  });
  if (!prompts.isCancel(answer)) return answer;
  throw declined();
}

/**
 * Lets a person choose one of several values from a list.
 * @throws code `declined` (outcome `declined`) when the person gives up
 */
export async function askChoice(
  question: string,
  choices: readonly { value: string; meaning?: string }[],
  initial?: string,
): Promise<string> {
  const prompts = await import('@clack/prompts');
  const answer = await prompts.select<string>({
    message: question,
    options: choices.map(({ value, meaning }) => ({ value, label: meaning ? `${value} (${meaning})` : value })),
    initialValue: initial,
    output: process.stderr,
  });
  if (!prompts.isCancel(answer)) return answer;
  throw declined();
}

const declined = () => new PipelineError('declined', 'declined; nothing was changed', { outcome: 'declined' });
