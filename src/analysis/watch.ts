import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets, type TargetHealth } from '../aws/balancers.ts';
import { type Group, readGroup } from '../aws/groups.ts';
import { gatheredOf, noticeInstance, noticeUnhealthy, toProbe } from '../fleet/evidence/gathered.ts';
import { explained, explainGroup } from '../fleet/explain.ts';
import type { NewTemplate, VersionFacts, VersionNames } from '../fleet/facts.ts';
import type { ContextWith, FleetFacts, FleetGroup } from '../fleet/services.ts';
import { smokeFailures, validationHeaders } from '../fleet/smoke.ts';
import type { FailedProbe } from '../ledger/run-evidence.ts';
import { instantText } from '../shared/instant.ts';
import { askedPaths } from './answers.ts';
import { Comparison } from './comparison.ts';
import { CounterWatch } from './counters.ts';
import type { Seen } from './coverage.ts';
import { evidenceLines, toEvidence } from './evidence.ts';
import { InstanceWatch, type UnhealthyInstance } from './instances.ts';
import { Prober } from './prober.ts';
import { restartText } from './restart-rate.ts';
import type { RestartReport } from './restarts.ts';
import type { Evidence, Fault, Phase, RestartedInstance, Sample, WatchFacts } from './types.ts';

/** A run whose version is watched. */
export type WatchContext = ContextWith<FleetFacts & VersionFacts & NewTemplate & WatchFacts>;

/** Samples kept for the evidence. */
const keptSamples = 2000;

/** A look at the new version that goes on until it is closed. */
export interface Watch {
  /** What is wrong now. A fault that is persistent means that the release has failed. */
  sample(): Promise<Fault[]>;
  /** Adds what was found at the end of a window: instances whose service has restarted by itself. */
  addRestarts(report: RestartReport): void;
  /** What was seen, in numbers. */
  evidence(): Evidence;
  /** What could be seen. */
  seen(): Seen;
  /** The newest wrong answers, path by path. */
  badAnswers(): FailedProbe[];
  /** Whose instances. */
  group: string;
  /** Nothing is wrong but that lifecycle hooks hold instances: that says nothing about the version. */
  held(): boolean;
  close(): void;
}

export interface WatchWhere {
  /** Whose instances; by default those of the group that serves. */
  fleetGroup?: FleetGroup;
  /** Leads the probes; by default the way of all requests. */
  headers?: Record<string, string>;
}

/**
 * Begins to watch the new version: probes go on by themselves from now on, the cloud is read at each `sample()`.
 * In the phase `roll` old and new instances answer side by side, so smoke tests that name the version do not count there.
 */
export async function openWatch(context: WatchContext, phase: Phase, where: WatchWhere = {}): Promise<Watch> {
  const { services, state, clock } = context;
  const { fleet, aws, metrics } = services;
  const { release } = fleet;
  const { group, targetGroupArn } = where.fleetGroup ?? state;
  const headers = where.headers ?? validationHeaders(fleet);
  const { baseline, version } = state;
  const burstMs = release.watch.burstSeconds * 1000;
  const rule = { limits: release.watch, reads: release.healthyReads };
  const mixed = phase === 'roll';

  const samples: Sample[] = [];
  const comparison = baseline && new Comparison({ baseline, version, mixed, burstMs, ...rule });
  const prober =
    comparison &&
    new Prober({
      clock,
      probe: services.probe,
      url: state.url,
      asked: askedPaths(fleet),
      headers,
      perSecond: release.watch.perSecond,
      versions: await versionsOf(context),
      versionHeader: release.watch.versionHeader,
      take(sample) {
        samples.push(sample);
        answers++;
        if (samples.length > keptSamples) samples.shift();
        comparison.add(sample);
      },
    });
  const instances = new InstanceWatch({
    templateVersion: mixed ? state.templateVersion : undefined,
    healthyAtFirst: !mixed,
    healthMs: release.timeouts.health * 1000,
    unhealthyPercent: release.watch.unhealthyPercent,
  });
  const counters =
    baseline?.counters &&
    metrics &&
    new CounterWatch({
      metrics,
      where: { listenerArn: state.listenerArn, targetGroupArn },
      before: baseline.counters,
      // What the roll, or a share of the traffic, has shown since then is about this version, too.
      since: (mixed ? undefined : state.countedSince) ?? clock.now(),
      ...rule,
    });
  const optional = createOptional(context);
  const rows = createRows(release.healthyReads);
  let unhealthy: UnhealthyInstance[] = [];
  let inAlarm: Evidence['alarms'] = [];
  let restarts: RestartedInstance[] = [];
  let last: Fault[] = [];
  let answers = 0;

  const outageMs = () => context.services.connection?.outageMs ?? 0;
  let outagesMs = outageMs();

  const watch: Watch = {
    async sample() {
      const [seen, targets, smoke, counted, alarms] = await Promise.all([
        readGroup(aws.autoScaling, group),
        readTargets(aws.elb, targetGroupArn),
        mixed ? [] : smokeFailures(context, headers),
        optional("the balancer's counters", () => counters?.read(clock.now()), []),
        optional('the alarms', () => (state.alarms?.length ? metrics?.alarms(state.alarms) : undefined), []),
      ]);
      // Without a connection, requests that were not answered were this computer's fault. What AWS has answered holds.
      const disconnected = outageMs() > outagesMs;
      outagesMs = outageMs();
      if (disconnected) comparison?.reset();
      noticeUnhealthy(context, seen, targets, mixed ? state.templateVersion : undefined);
      if (mixed) await noteShare(context, seen, targets);
      unhealthy = instances.read(clock.now(), seen, targets);
      inAlarm = alarms.filter((alarm) => alarm.state === 'ALARM').map(({ name, reason }) => ({ name, reason }));
      const found: Omit<Fault, 'persistent'>[] = [
        ...(unhealthy.length > 0
          ? [{ check: 'targets' as const, key: 'targets', message: unhealthyMessage(unhealthy, seen.desired) }]
          : []),
        ...(disconnected ? [] : smoke).map((message) => ({ check: 'smoke' as const, key: 'smoke', message })),
        ...inAlarm.map(({ name, reason }) => ({
          check: 'alarm' as const,
          key: `alarm ${name}`,
          message: `alarm ${name} is in ALARM${reason ? `: ${reason}` : ''}`,
        })),
      ];
      last = [...rows(found), ...(comparison?.faults() ?? []), ...counted];
      return last;
    },
    addRestarts(report) {
      restarts = report.restarted;
      for (const { id } of restarts) noticeInstance(context, id, 'has restarted');
      const message = restartText(report, baseline?.restarts);
      last = [...last, { check: 'restarts', key: 'restarts', message, persistent: true }];
    },
    seen: () => ({
      probes: baseline && { paths: baseline.paths.map(({ path }) => path), answers },
      counters: counters?.coverage(),
      alarms: state.alarms ?? [],
      limits: { minSamples: release.watch.minSamples, reads: release.healthyReads },
    }),
    evidence: () =>
      toEvidence({
        phase,
        version,
        before: state.current.version,
        faults: last,
        baseline,
        samples,
        unhealthy,
        counters: counters?.total(),
        alarms: inAlarm,
        restarts,
      }),
    badAnswers: () => newestBad(samples),
    group,
    held: () => last.length > 0 && last.every(({ check }) => check === 'targets') && unhealthy.every(isHeld),
    close: () => prober?.stop(),
  };
  return watch;
}

/** From this part of the healthy instances on, the new version has the traffic. */
const mostOfTraffic = 0.9;

/** Notes since when the new version has most of the traffic of a group that is being rolled. */
async function noteShare(context: WatchContext, group: Group, targets: readonly TargetHealth[]): Promise<void> {
  const { templateVersion, countedSince } = context.state;
  const healthy = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const serving = group.instances.filter(({ id, lifecycle }) => lifecycle === 'InService' && healthy.has(id));
  const own = serving.filter((one) => one.templateVersion === templateVersion).length;
  const most = own > 0 && own >= serving.length * mostOfTraffic;
  if (most === (countedSince !== undefined)) return;
  await context.save({ countedSince: most ? context.clock.now() : undefined });
}

/** So many wrong answers of a path are kept. */
const keptBad = 3;

function newestBad(samples: readonly Sample[]): FailedProbe[] {
  const bad = samples.filter((sample) => sample.fault !== undefined);
  return [...new Set(bad.map(({ path }) => path))].flatMap((path) =>
    bad
      .filter((sample) => sample.path === path)
      .slice(-keptBad)
      .map(({ at, answer, fault = '', version = null }) =>
        toProbe({
          ...{ path, at: instantText(at), status: answer?.status ?? null, body: answer?.body ?? null },
          ...{ fault, version },
        }),
      ),
  );
}

const isHeld = ({ state }: UnhealthyInstance): boolean => state.endsWith('Pending:Wait');

/**
 * Ends the release for what was seen: keeps the evidence, and makes the error that carries it.
 * @param message What has failed, for a person.
 */
export async function watchFailure(
  context: WatchContext,
  watch: Watch,
  error: { code: string; message: string; fix?: string; details?: string[] },
): Promise<PipelineError> {
  const evidence = watch.evidence();
  await context.save({ evidence });
  gatheredOf(context)?.probes.push(...watch.badAnswers());
  const { code, message, details = [] } = error;
  // What keeps instances from serving may be no fault of the version.
  const about = evidence.faults.some(({ check }) => check === 'targets') && details.length === 0;
  const { causes, fix } = about ? await explained(explainGroup(context, watch.group)) : { causes: details };
  const lines = [...causes, ...evidenceLines(evidence)];
  if (!watch.held()) return new PipelineError(code, message, { fix: error.fix, details: lines });
  return new PipelineError(
    'release.held',
    `lifecycle hooks hold instances of ${watch.group}, so ${context.state.version} could not be verified`,
    { fix: [fix, error.fix].filter(Boolean).join('; ') || undefined, details: lines },
  );
}

/** The versions that may answer while instances are exchanged. */
async function versionsOf(context: WatchContext): Promise<VersionNames[]> {
  const { version, commit, current } = context.state;
  const before = current.version;
  if (before === undefined) return [];
  const record = await context.services.ledger.release(context.run.app, before);
  return [
    { version, commit },
    { version: before, ...(record ? { commit: record.commit } : {}) },
  ];
}

/** Counts how often each thing was found in consecutive readings. */
function createRows(reads: number): (found: readonly Omit<Fault, 'persistent'>[]) => Fault[] {
  let rows = new Map<string, number>();
  return (found) => {
    rows = new Map(found.map(({ key }) => [key, (rows.get(key) ?? 0) + 1]));
    return found.map((fault) => ({ ...fault, persistent: (rows.get(fault.key) ?? 0) >= reads }));
  };
}

/** What cannot be read is said once and then left out: it adds to what is always looked at. */
function createOptional(context: WatchContext) {
  const said = new Set<string>();
  return async <T>(what: string, read: () => Promise<T> | undefined, without: T): Promise<T> => {
    try {
      return (await read()) ?? without;
    } catch (error) {
      if (!said.has(what)) context.note(`${what} cannot be read: ${messageOf(error)}`);
      said.add(what);
      return without;
    }
  };
}

function unhealthyMessage(unhealthy: readonly UnhealthyInstance[], desired: number): string {
  const few = unhealthy.slice(0, 3).map(({ id, state, reason }) => `${id} is ${state}${reason ? `: ${reason}` : ''}`);
  const more = unhealthy.length > few.length ? ` and ${unhealthy.length - few.length} more` : '';
  return `${unhealthy.length} instances (the fleet has ${desired}) are unhealthy: ${few.join('; ')}${more}`;
}
