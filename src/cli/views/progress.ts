import prettyMilliseconds from 'pretty-ms';
import type { ExpectedTime, RunHeadline } from '../../engine/events.ts';
import { oneLine } from './text.ts';

/** So much longer than expected, a step is said to take longer than usual. */
const late = 1.2;

/** `release api v42 in production: 3f2a9c1d2e3f "Fix the basket" (before: v41)`, for the beginning of a run. */
export function headlineText(run: {
  operation: string;
  app: string;
  environment: string;
  headline?: RunHeadline;
}): string {
  const { operation, app, environment, headline: { version, previous, commit, subject, what } = {} } = run;
  const of = [operation, app, version, 'in', environment].filter(Boolean).join(' ');
  const inBrackets = [
    ...(previous !== undefined && previous !== version ? [`before: ${previous}`] : []),
    ...(version !== undefined && what ? [what] : []),
  ].join(', ');
  const details = [
    version === undefined && what,
    commit?.slice(0, 12),
    subject && `"${subject}"`,
    inBrackets && `(${inBrackets})`,
  ]
    .filter(Boolean)
    .join(' ');
  return oneLine(details === '' ? of : `${of}: ${details}`);
}

/** `waiting for the drain (3 of 4)`, or `all healthy, 42s left` of a wait with a known end. @param now Milliseconds since the epoch. */
export function progressText(
  { message, done, total, endsAt }: { message: string; done?: number; total?: number; endsAt?: number },
  now: number,
): string {
  const amount = done !== undefined && total !== undefined ? ` (${done} of ${total})` : '';
  const left = endsAt === undefined ? 0 : Math.ceil((endsAt - now) / 1000);
  return `${oneLine(message)}${amount}${left > 0 ? `, ${wholeSeconds(left)} left` : ''}`;
}

/** `12s`, `12s of about 40s`, or `1m 2s, usually about 40s`. @param expected Seconds; undefined when they are not known. */
export function elapsedText(seconds: number, expected?: number): string {
  const elapsed = wholeSeconds(Math.max(0, seconds));
  if (expected === undefined) return elapsed;
  return seconds <= Math.max(expected * late, expected + 1)
    ? `${elapsed} of ${aboutText(expected)}`
    : `${elapsed}, usually ${aboutText(expected)}`;
}

/** `about 40s`, `about 1m 40s`, `about 12m`: as exact as it can be known. */
export function aboutText(seconds: number): string {
  const step = seconds < 60 ? 1 : seconds < 600 ? 10 : 60;
  return `about ${wholeSeconds(Math.max(1, Math.round(seconds / step) * step))}`;
}

/** What a run is expected to take: of all of it, and of a step. */
export function expectedOf(expected: ExpectedTime | undefined, step?: string): number | undefined {
  if (step === undefined) return expected?.seconds;
  return expected && Object.hasOwn(expected.steps, step) ? expected.steps[step] : undefined;
}

const wholeSeconds = (seconds: number): string => (seconds < 1 ? '0s' : prettyMilliseconds(Math.floor(seconds) * 1000));
