import { type CliContext, processContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { leaveLostTerminals, surviveLostOutput } from './lost-output.ts';
import { parse } from './program.ts';
import { reportUncaught } from './uncaught.ts';

/**
 * Runs the command line for the real process: sets its exit code and ends it once all output is written, so that idle
 * connections to the cloud do not keep it alive.
 */
export async function main(): Promise<void> {
  const context = processContext();
  leaveLostTerminals();
  const uncaught = reportUncaught(context);
  const lost = surviveLostOutput([process.stdout, process.stderr]);
  const code = await runCli(context);
  await drainAll();
  await uncaught();
  const error = lost();
  if (error !== undefined) {
    const { describeLost } = await import('./describe-lost.ts');
    context.stderr.write(describeLost(error));
    await drainAll();
  }
  context.exit(code || (error === undefined ? exitCodes.done : exitCodes.failed));
}

/** Runs one command; resolves with the exit code and never rejects. */
export async function runCli(context: CliContext): Promise<number> {
  try {
    const parsed = await parse(context);
    if (parsed === 'printed') return exitCodes.done;
    if (parsed.options.color === false) disableColors(context);
    const command = await parsed.spec.load();
    const work = () => command.run(context, parsed.args, parsed.options);
    if (!parsed.options.githubSummary) return await work();
    const { withGithubSummary } = await import('./github-summary.ts');
    return await withGithubSummary(context, work);
  } catch (error) {
    const { reportError } = await import('./report-error.ts');
    return reportError(context, error);
  } finally {
    await context.afterwards?.();
  }
}

/** Libraries that color by themselves, and programs that we start, look at this variable. */
function disableColors(context: CliContext): void {
  if (context.env === process.env) process.env.NO_COLOR = '1';
}

/** A failed write is reported one turn of the event loop after it, also where nothing has to be waited for. */
async function drainAll(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map(drained));
  await new Promise((resolve) => setImmediate(resolve));
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
