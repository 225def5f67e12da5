import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { CliContext, GlobalOptions } from './context.ts';

/**
 * Asks before something that cannot be taken back, unless `--yes` was given.
 * @throws usage error `usage.needs-yes` where nobody can answer, and code `declined` (outcome `declined`) for a no.
 */
export async function confirm(
  context: CliContext,
  options: Pick<GlobalOptions, 'yes' | 'json'>,
  question: string,
): Promise<void> {
  if (options.yes) return;
  // A program that reads the JSON document cannot answer either.
  if (!context.interactive || options.json) {
    throw usageError(
      'usage.needs-yes',
      `this needs an answer: ${question}`,
      'there is no one to ask here; say yes beforehand with --yes',
    );
  }
  const prompts = await import('@clack/prompts');
  const answer = await prompts.confirm({ message: question, initialValue: false, output: process.stderr });
  if (answer === true) return;
  throw new PipelineError('declined', 'declined; nothing was changed', { outcome: 'declined' });
}

/**
 * Asks for a line of text; an answer that `wrong` finds something in is asked for again.
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
  throw new PipelineError('declined', 'declined; nothing was changed', { outcome: 'declined' });
}
