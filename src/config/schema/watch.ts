import { z } from 'zod';
import { flag, listOf, seconds, section, shaped, urlPath, whole } from './values.ts';

const atLeast = (min: number, max: number, unit: string) => {
  const error = `a number${unit ? ` of ${unit}` : ''} from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};

/** Settings for the comparison of a new version with the previous one. */
export const watchSection = section({
  perSecond: atLeast(0.1, 50, 'probes')
    .default(5)
    .describe('Maximum number of probes per second through the load balancer, for all paths together.'),
  baselineSeconds: seconds(0, 3_600)
    .default(30)
    .describe('How long the version that serves is measured before anything is changed; 0 disables the comparison.'),
  paths: listOf(urlPath(), 'a list of paths')
    .default([])
    .describe('Paths that are probed besides those of the smoke tests; a status of 400 or higher counts as failed.'),
  versionHeader: shaped(/^[A-Za-z0-9_-]{1,60}$/, 'the name of an HTTP header')
    .optional()
    .describe(
      'Response header in which the service names its version (`v42`). With it, old and new instances can be distinguished on every path during the roll; without it only by a smoke test that `contains` `{version}`.',
    ),
  minSamples: whole(5, 10_000).default(20).describe('Number of answers in a reading; fewer are not evaluated.'),
  burstSeconds: seconds(0, 600)
    .default(5)
    .describe('Maximum length of a tolerated burst of errors or slow answers, in seconds.'),
  errorMargin: atLeast(0, 100, 'percentage points')
    .default(2)
    .describe('Errors count when their rate exceeds the previous one by this many percentage points...'),
  errorFactor: atLeast(1, 1_000, '').default(2).describe('...and by this factor.'),
  latencyFactor: atLeast(1, 1_000, '')
    .default(2)
    .describe(
      'Answers are slow when they take longer than the median, or the 95th percentile, of before times this...',
    ),
  latencyFloorMs: whole(0, 60_000, 'milliseconds')
    .default(100)
    .describe('...and by at least this much longer, in milliseconds.'),
  unhealthyPercent: atLeast(0, 100, 'percent')
    .default(2)
    .describe('Share of the fleet that may be unhealthy without a rollback of the release, in percent, rounded down.'),
  restarts: flag()
    .default(true)
    .describe(
      'Whether a release fails when its service restarts by itself in the verify window more often than before.',
    ),
});
