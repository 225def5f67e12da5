import { appendFileSync } from 'node:fs';
import { messageOf, usageError } from '@golden-pipeline/shared/errors';
import { redactionOf } from '../config/redaction.ts';
import { toShownError } from '../shared/shown-error.ts';
import type { CliContext } from './context.ts';
import { safeCommandLine } from './redact-words.ts';
import { renderFailureMarkdown } from './views/markdown.ts';
import { printable } from './views/text.ts';

const variable = 'GITHUB_STEP_SUMMARY';

/**
 * Does the work of a command with `--github-summary`: checks first that the summary of the job can be written, and adds to it why a
 * command ended before its run began.
 * @throws usage errors `github.no-summary` outside of GitHub Actions, `github.summary-not-writable`; as `work` does
 */
export async function withGithubSummary(context: CliContext, work: () => Promise<number>): Promise<number> {
  const path = context.env[variable];
  if (!path) {
    throw usageError(
      'github.no-summary',
      `--github-summary needs ${variable}, which is not set`,
      'GitHub Actions sets it in every step; elsewhere leave --github-summary out',
    );
  }
  try {
    appendFileSync(path, '');
  } catch (error) {
    throw usageError('github.summary-not-writable', `the file in ${variable} cannot be written`, undefined, [
      messageOf(error),
    ]);
  }
  try {
    return await work();
  } catch (error) {
    const redact = context.redact ?? redactionOf({}, context.env);
    const { command, shown } = redact({ command: safeCommandLine(context.argv, redact), shown: toShownError(error) });
    appendGithubSummary(context, renderFailureMarkdown(command, shown));
    throw error;
  }
}

/** Adds to the summary of the job. What cannot be written is a warning: the run has ended as it did. */
export function appendGithubSummary({ env, stderr }: CliContext, markdown: string): void {
  try {
    appendFileSync(env[variable] ?? '', markdown);
  } catch (error) {
    stderr.write(printable(`warning: the file in ${variable} cannot be written: ${messageOf(error)}\n`));
  }
}
