import type { CliContext } from './context.ts';

/**
 * Ends the process with an error for people where Node.js would print a stack trace: for what a timer throws, and for
 * the failure of a promise that nothing awaits.
 * @returns resolves at once; after such an error it never does, as the report ends the process
 */
export function reportUncaught(context: CliContext): () => Promise<void> {
  let reported: Promise<void> = Promise.resolve();
  let first = true;
  process.on('uncaughtException', (error) => {
    if (!first) return;
    first = false;
    reported = report(context, error);
  });
  return () => reported;
}

async function report(context: CliContext, error: unknown): Promise<void> {
  const [{ outsideLoad }, { reportError }] = await Promise.all([
    import('../config/outside-load.ts'),
    import('./report-error.ts'),
  ]);
  context.exit(reportError(context, outsideLoad(error) ?? error));
}
