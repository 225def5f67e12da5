import type { RestartReport } from './restarts.ts';
import type { WindowCoverage } from './types.ts';

/** A window shorter than this does not count restarts, in seconds: what dies soon after its start fails its health checks. */
export const leastRestartSeconds = 10;

/** What a watch knows of what it could see. */
export interface Seen {
  /** Paths that are compared, and how many answers there were; undefined without something to compare with. */
  probes: { paths: string[]; answers: number } | undefined;
  /** What the load balancer has counted; undefined where its counters are not compared. */
  counters: { minutes: number; evaluated: number; requests: number } | undefined;
  alarms: readonly string[];
  limits: { minSamples: number; reads: number };
}

/** What a window of so many seconds could see, and what not. */
export function coverageOf(
  seconds: number,
  seen: Seen,
  restarts: RestartReport | undefined,
  options: { restarts: boolean },
): WindowCoverage {
  const { probes, counters, alarms } = seen;
  return {
    seconds: Math.round(seconds),
    probes: probes ?? null,
    counters: counters ? { minutes: counters.minutes, requests: counters.requests } : null,
    alarms: [...alarms],
    restarts: restarts ? { instances: restarts.known } : null,
    notSeen: notSeen(seen, restarts, options),
  };
}

function notSeen(
  { probes, counters, limits }: Seen,
  restarts: RestartReport | undefined,
  options: { restarts: boolean },
): string[] {
  const lines: string[] = [];
  if (!probes) lines.push('errors and response times, as there is no version before to compare with');
  else if (!counters) lines.push('errors of real requests, as the load balancer had counted none before');
  else if (counters.evaluated < limits.reads) {
    lines.push(
      `errors of real requests, which need ${limits.reads} whole minutes with ${limits.minSamples} requests or more (there were ${counters.evaluated})`,
    );
  }
  if (!options.restarts) lines.push('restarts, as watch.restarts is false');
  else if (!restarts) lines.push(`restarts, which need ${leastRestartSeconds} s or more`);
  else if (restarts.unknown.length > 0) {
    const [first] = restarts.unknown;
    const more = restarts.unknown.length > 1 ? ` and ${restarts.unknown.length - 1} more` : '';
    lines.push(`restarts on ${first?.id}${more} (${first?.why})`);
  }
  return [...lines, 'what no request has reached'];
}

/** The same in one line for people. */
export function coverageText({ seconds, probes, counters, alarms, restarts, notSeen: not }: WindowCoverage): string {
  const count = (number: number, what: string) => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;
  const watched = [
    'target health',
    ...(probes ? [`probes of ${probes.paths.join(', ')} (${count(probes.answers, 'answer')})`] : []),
    ...(counters && counters.minutes > 0
      ? [
          `counters of the load balancer for ${count(counters.minutes, 'whole minute')} (${count(counters.requests, 'request')})`,
        ]
      : []),
    ...(alarms.length > 0 ? [`alarms ${alarms.join(', ')}`] : []),
    ...(restarts && restarts.instances > 0 ? [`restarts on ${count(restarts.instances, 'instance')}`] : []),
  ];
  return `watched ${seconds} s: ${watched.join(', ')}; not seen: ${not.join('; ')}`;
}
