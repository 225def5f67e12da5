import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets } from '../aws/balancers.ts';
import { readGroup } from '../aws/groups.ts';
import { explained, explainGroup } from '../fleet/explain.ts';
import type { Colour, RollContext } from '../fleet/services.ts';
import { proofHeaders, smokeFailures } from '../fleet/smoke.ts';
import { askedPaths, type VersionNames } from './answers.ts';
import { Comparison } from './comparison.ts';
import { CounterWatch } from './counters.ts';
import { evidenceLines, toEvidence } from './evidence.ts';
import { MachineWatch, type SickMachine } from './machines.ts';
import { Prober } from './prober.ts';
import type { Evidence, Fault, Phase, Sample } from './types.ts';

/** Samples kept for the evidence. */
const keptSamples = 2000;

/** A look at the new version that goes on until it is closed. */
export interface Watch {
  /** What is wrong now. A fault that is lasting means that the release has failed. */
  sample(): Promise<Fault[]>;
  /** What was seen, in numbers. */
  evidence(): Evidence;
  /** Whose machines. */
  group: string;
  /** Nothing is wrong but that lifecycle hooks hold instances: that says nothing about the version. */
  held(): boolean;
  close(): void;
}

export interface WatchWhere {
  /** Whose machines; by default those of the group that serves. */
  colour?: Colour;
  /** Leads the probes; by default the way of all requests. */
  headers?: Record<string, string>;
}

/**
 * Begins to watch the new version: probes go on by themselves from now on, the cloud is asked at each `sample()`.
 * In the phase `roll` old and new machines answer side by side, so smoke tests that name the version do not count there.
 */
export async function openWatch(context: RollContext, phase: Phase, where: WatchWhere = {}): Promise<Watch> {
  const { services, state, clock } = context;
  const { fleet, aws, metrics } = services;
  const { release } = fleet;
  const { group, targetGroupArn } = where.colour ?? state;
  const headers = where.headers ?? proofHeaders(fleet);
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
        if (samples.length > keptSamples) samples.shift();
        comparison.add(sample);
      },
    });
  const machines = new MachineWatch({
    templateVersion: mixed ? state.templateVersion : undefined,
    provenAtFirst: !mixed,
    healthMs: release.timeouts.health * 1000,
    sickPercent: release.watch.sickPercent,
  });
  const counters =
    baseline?.counters &&
    metrics &&
    new CounterWatch({
      metrics,
      where: { listenerArn: state.listenerArn, targetGroupArn },
      before: baseline.counters,
      since: clock.now(),
      ...rule,
    });
  const optional = createOptional(context);
  const rows = createRows(release.healthyReads);
  let sick: SickMachine[] = [];
  let ringing: Evidence['alarms'] = [];
  let last: Fault[] = [];

  return {
    async sample() {
      const [seen, targets, smoke, counted, alarms] = await Promise.all([
        readGroup(aws.autoScaling, group),
        readTargets(aws.elb, targetGroupArn),
        mixed ? [] : smokeFailures(context, headers),
        optional("the balancer's counters", () => counters?.read(clock.now()), []),
        optional('the alarms', () => (state.alarms?.length ? metrics?.alarms(state.alarms) : undefined), []),
      ]);
      sick = machines.read(clock.now(), seen, targets);
      ringing = alarms.filter((alarm) => alarm.state === 'ALARM').map(({ name, reason }) => ({ name, reason }));
      const found: Omit<Fault, 'lasting'>[] = [
        ...(sick.length > 0
          ? [{ check: 'targets' as const, key: 'targets', message: sickMessage(sick, seen.desired) }]
          : []),
        ...smoke.map((message) => ({ check: 'smoke' as const, key: 'smoke', message })),
        ...ringing.map(({ name, reason }) => ({
          check: 'alarm' as const,
          key: `alarm ${name}`,
          message: `alarm ${name} rings${reason ? `: ${reason}` : ''}`,
        })),
      ];
      last = [...rows(found), ...(comparison?.faults() ?? []), ...counted];
      return last;
    },
    evidence: () =>
      toEvidence({
        phase,
        version,
        before: state.current.version,
        faults: last,
        baseline,
        samples,
        sick,
        counters: counters?.total(),
        alarms: ringing,
      }),
    group,
    held: () => last.length > 0 && last.every(({ check }) => check === 'targets') && sick.every(isHeld),
    close: () => prober?.stop(),
  };
}

const isHeld = ({ state }: SickMachine): boolean => state.endsWith('Pending:Wait');

/**
 * Ends the release for what was seen: keeps the evidence, and makes the error that carries it.
 * @param message What has failed, for a person.
 */
export async function takenBack(
  context: RollContext,
  watch: Watch,
  error: { code: string; message: string; hint?: string; details?: string[] },
): Promise<PipelineError> {
  const evidence = watch.evidence();
  await context.save({ evidence });
  const { code, message, hint, details = [] } = error;
  // What keeps machines from serving may be no fault of the version.
  const about = evidence.faults.some(({ check }) => check === 'targets') && details.length === 0;
  const { causes, fix } = about ? await explained(explainGroup(context, watch.group)) : { causes: details };
  const lines = [...causes, ...evidenceLines(evidence)];
  if (!watch.held()) return new PipelineError(code, message, { hint, details: lines });
  return new PipelineError(
    'release.held',
    `lifecycle hooks hold instances of ${watch.group}, so ${context.state.version} could not be judged`,
    { hint: [fix, hint].filter(Boolean).join('; ') || undefined, details: lines },
  );
}

/** The versions that may answer while machines are exchanged. */
async function versionsOf(context: RollContext): Promise<VersionNames[]> {
  const { version, commit, current } = context.state;
  const before = current.version;
  if (before === undefined) return [];
  const record = await context.services.ledger.release(context.run.app, before);
  return [
    { version, commit },
    { version: before, ...(record ? { commit: record.commit } : {}) },
  ];
}

/** Counts how often each thing was found in a row. */
function createRows(reads: number): (found: readonly Omit<Fault, 'lasting'>[]) => Fault[] {
  let rows = new Map<string, number>();
  return (found) => {
    rows = new Map(found.map(({ key }) => [key, (rows.get(key) ?? 0) + 1]));
    return found.map((fault) => ({ ...fault, lasting: (rows.get(fault.key) ?? 0) >= reads }));
  };
}

/** What cannot be read is said once and then left out: it adds to what is always looked at. */
function createOptional(context: RollContext) {
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

function sickMessage(sick: readonly SickMachine[], desired: number): string {
  const few = sick.slice(0, 3).map(({ id, state, reason }) => `${id} is ${state}${reason ? `: ${reason}` : ''}`);
  const more = sick.length > few.length ? ` and ${sick.length - few.length} more` : '';
  return `${sick.length} machines (the fleet has ${desired}) are out of order: ${few.join('; ')}${more}`;
}
