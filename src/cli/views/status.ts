import type { DescribedDifference } from '../../fleet/configuration/describe.ts';
import type { RollbackOutlook } from '../../rollback/outlook.ts';
import { instantOf } from '../../shared/instant.ts';
import type { FleetStatus } from '../../status/read.ts';
import type { ServedRelease } from '../../status/served.ts';
import type { Unfinished } from '../../status/unfinished.ts';
import { attemptAt } from './attempt.ts';
import { holdLine } from './holds.ts';
import { renderOutlook } from './outlook.ts';
import { columns } from './table.ts';
import { type Colors, oneLine, shortTime } from './text.ts';

/**
 * One fleet of `pipeline status`: what serves, on which instances, who is active on it.
 * @param now Milliseconds since the epoch, to mark what is past its end, or whose run is not active any more.
 */
export function renderStatus(
  status: FleetStatus & {
    release?: ServedRelease | null;
    rollback?: RollbackOutlook;
    configuration?: DescribedDifference[] | null;
  },
  colors: Colors,
  now: number,
): string {
  const { app, environment, version, desired, healthy, groups, traffic, instances, refreshes, lock, run } = status;
  const count = `${healthy} of ${desired} healthy`;
  const paint = healthy < desired ? colors.yellow : colors.green;
  const lines = [`${colors.bold(`${app} in ${environment}`)}  ${oneLine(serves(status))}  ${paint(count)}`];
  if (status.release) lines.push(...servedLines(status.release));
  // With one group and one version the first line has said it all.
  if (groups.length > 1 || traffic.length > 1) {
    lines.push(
      `traffic: ${traffic.map((one) => `${one.version ?? 'no version'} ${percent(one.share)}`).join(', ') || 'nobody answers'}`,
    );
  }
  if (groups.length > 1) lines.push(...groups.map(groupLine));
  lines.push(...refreshes.map(refreshLine));
  lines.push(...status.drift.map(({ severity, message, fix }) => `${severity}: ${message}; fix: ${fix}`));
  if (status.unfinished) lines.push(unfinishedLine(status.unfinished, version));
  if (status.maintenance) lines.push(pageLine(app, status.maintenance, now));
  lines.push(...status.holds.map(holdLine));
  if (lock) {
    const reason = lock.reason ? `: ${lock.reason}` : '';
    lines.push(
      `locked by ${lock.owner} on ${lock.host} since ${shortTime(lock.since)} (${lock.command})${reason}`.replace(
        /\s+/g,
        ' ',
      ),
    );
  }
  if (run) {
    const state = lock?.run === run.id ? 'running' : `has crashed; to undo what it changed: pipeline abort ${app}`;
    const attempt = attemptAt(run);
    const what = attempt === undefined ? run.operation : `${run.operation}, ${attempt}:`;
    const why = run.outcome !== undefined && run.error ? `: ${run.error.message}` : '';
    lines.push(`last run ${run.id}: ${what} ${run.outcome ?? state}${why}`.replace(/\s+/g, ' '));
  }
  lines.push(...driftLines(app, status.configuration ?? []));
  if (status.rollback && (version !== null || status.drift.length > 0)) lines.push(renderOutlook(status.rollback));
  const body = lines.map(oneLineButColors);
  if (instances.length > 0) {
    const rows = instances.map(({ id, version: on, lifecycle, health, address, group }) => [
      id,
      on,
      lifecycle,
      health,
      address,
      ...(groups.length > 1 ? [group] : []),
    ]);
    const head = ['instance', 'version', 'lifecycle', 'health', 'address', ...(groups.length > 1 ? ['group'] : [])];
    body.push(columns(head, rows, colors));
  }
  return `${body.join('\n')}\n`;
}

/** `commit 3f2a9c1d0b1c "Sell tickets" by Ann  https://…`, and since when it serves. */
function servedLines({ commit, subject, author, url, since, by, run }: ServedRelease): string[] {
  const what = [
    ...(commit === null ? [] : [`commit ${commit.slice(0, 12)}`]),
    ...(subject ? [`"${subject}"`] : []),
    ...(author ? [`by ${author}`] : []),
  ].join(' ');
  const page = url === null ? '' : `  ${url}`;
  return [
    ...(what === '' ? [] : [`${what}${page}`]),
    ...(since === null ? [] : [`serving since ${shortTime(since)}, by ${by} (run ${run})`]),
  ];
}

/** The version that the group launches; what it launches instead where that is not a release. */
function serves({ version, imageId, drift }: FleetStatus): string {
  if (version !== null) return version;
  return drift.some((one) => one.kind === 'foreign-image') ? `${imageId}, which is not a release` : 'no release yet';
}

/** `group api-production-green: 0 % of the traffic, 4 of 4 healthy, kept until 12:30:00`. */
function groupLine({ name, share, desired, healthy, until }: FleetStatus['groups'][number]): string {
  const kept = until === null ? '' : `, kept until ${shortTime(until)}`;
  return `group ${name}: ${percent(share)} of the traffic, ${healthy} of ${desired} healthy${kept}`;
}

/** `instance refresh of api-production: InProgress, 40 %, 6 instances to replace`. */
function refreshLine({ group, status, percentage, remaining, reason }: FleetStatus['refreshes'][number]): string {
  const why = reason === null ? '' : ` (${reason})`;
  return `instance refresh of ${group}: ${status}, ${percentage} %, ${remaining} ${remaining === 1 ? 'instance' : 'instances'} to replace${why}`;
}

/** `instance refresh of api-production ended with status Failed (no capacity): 6 instances were switched to v41 and not replaced: … Finish it: pipeline …`. */
function unfinishedLine({ group, refresh, instances, finish }: Unfinished, version: string | null): string {
  const why = refresh && refresh.reason !== null ? ` (${refresh.reason})` : '';
  const ended = refresh
    ? `instance refresh of ${group} ended with status ${refresh.status}${why}`
    : `no instance refresh of ${group}`;
  const [were, on] = instances === 1 ? ['instance was', 'it'] : ['instances were', 'them'];
  return `${ended}: ${instances} ${were} switched to ${version ?? 'the old version'} and not replaced: another image is on ${on}. Finish it: ${finish}`;
}

function pageLine(app: string, { until }: NonNullable<FleetStatus['maintenance']>, now: number): string {
  const off = `pipeline ${app} maintenance-off`;
  if (until === null) return `maintenance page: on until somebody takes it off: ${off}`;
  if (instantOf(until) > now) return `maintenance page: on until ${shortTime(until)}`;
  return `maintenance page: on, and past its end (${shortTime(until)}): ${off}`;
}

/** So many settings that differ are listed one by one. */
const shownSettings = 3;

function driftLines(app: string, differences: readonly DescribedDifference[]): string[] {
  const remaining = differences.length - shownSettings;
  return [
    ...differences
      .slice(0, shownSettings)
      .flatMap(({ message, fix }) => [`configuration: ${message}`, `configuration: fix: ${fix}`]),
    ...(remaining > 0
      ? [
          `configuration: ${remaining} more ${remaining === 1 ? 'setting differs' : 'settings differ'}: pipeline doctor ${app}`,
        ]
      : []),
  ];
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** The first line is ours and may be colored; the others hold words from the ledger. */
function oneLineButColors(line: string, index: number): string {
  return index === 0 ? line : oneLine(line);
}
