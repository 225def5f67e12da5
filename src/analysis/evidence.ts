import { instantText } from '../shared/instant.ts';
import type { UnhealthyInstance } from './instances.ts';
import { quantile } from './statistics.ts';
import { answersOf } from './stream.ts';
import type { Baseline, Counters, Evidence, Fault, PathNumbers, Phase, Sample } from './types.ts';

/** Bad answers shown for each path. */
const shownBad = 5;

/** Everything that speaks for or against the new version at this moment, as plain data. */
export function toEvidence(seen: {
  phase: Phase;
  version: string;
  before: string | undefined;
  faults: readonly Fault[];
  baseline: Baseline | undefined;
  samples: readonly Sample[];
  unhealthy: readonly UnhealthyInstance[];
  counters: Counters | undefined;
  alarms: Evidence['alarms'];
  restarts: Evidence['restarts'];
}): Evidence {
  const { baseline, samples } = seen;
  return {
    phase: seen.phase,
    version: seen.version,
    before: seen.before ?? null,
    faults: seen.faults.map(({ check, message }) => ({ check, message })),
    probes: (baseline?.paths ?? []).map((was) => {
      const here = samples.filter((sample) => sample.path === was.path);
      const versions = [...new Set(here.flatMap((sample) => sample.version ?? []))].sort();
      return {
        path: was.path,
        before: numbers(was),
        now: numbers(answersOf(here)),
        byVersion: Object.fromEntries(
          versions.map((version) => [version, numbers(answersOf(here.filter((one) => one.version === version)))]),
        ),
        bad: here
          .filter((sample) => sample.fault !== undefined)
          .slice(-shownBad)
          .map(({ at, fault = '', version = null }) => ({ at: instantText(at), fault, version })),
      };
    }),
    targets: seen.unhealthy.map(({ id, state, reason = null }) => ({ id, state, reason })),
    balancer:
      baseline?.counters || seen.counters ? { before: baseline?.counters ?? null, now: seen.counters ?? null } : null,
    alarms: seen.alarms,
    restarts: seen.restarts,
  };
}

function numbers({ of, failed, times }: { of: number; failed: number; times: readonly number[] }): PathNumbers {
  const rounded = (q: number) => {
    const ms = quantile(times, q);
    return ms === undefined ? null : Math.round(ms * 10) / 10;
  };
  return { samples: of, failed, medianMs: rounded(0.5), p95Ms: rounded(0.95) };
}

/** The same for a person: what is wrong first, then the numbers beside it. */
export function evidenceLines(evidence: Evidence): string[] {
  const lines = evidence.faults.map(({ message }) => message);
  for (const { path, before, now } of evidence.probes) {
    if (now.samples > 0) lines.push(`probes of ${path}: ${shown(now)}; before: ${before ? shown(before) : 'none'}`);
  }
  return lines;
}

const shown = ({ samples, failed, medianMs, p95Ms }: PathNumbers): string =>
  `${samples} answers, ${failed} failed${medianMs === null ? '' : `, median ${medianMs} ms, p95 ${p95Ms} ms`}`;
