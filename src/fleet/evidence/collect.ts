import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import type { FailedProbe, InstanceLog, RunEvidence } from '../../ledger/run-evidence.ts';
import { instantText } from '../../shared/instant.ts';
import type { Redact } from '../../shared/redact.ts';
import type { ContextWith } from '../services.ts';
import { gatheredOf, readLog, type Suspect } from './gathered.ts';
import type { LogWanted } from './service-log.ts';
import { namesError, tellingPart, withoutTime } from './telling.ts';

type Context = ContextWith<object>;

/** So many logs are read where a step has failed, besides those that were read before. */
const mostInstances = 3;
/** The rollback waits no longer than this for logs, and then for the ledger, in milliseconds. */
const collectMs = 5000;
const saveMs = 2000;
/** So many wrong answers are kept and printed. */
const mostProbes = 20;
const printedProbes = 3;
/** Characters of an answer that are printed. */
const printedBody = 200;

/** State of a target that the load balancer has nothing against. */
const healthy = 'healthy';

/** Where logs are to be read. */
export interface Source extends LogWanted {
  /** That there is no log says nothing: the service may not have been started. */
  optional?: boolean;
  suspects(): Promise<(Suspect & { address?: string })[]>;
}

/**
 * Collects, before anything is undone, what tells why a step has failed: the ends of the service's logs and the wrong answers. All of it
 * is kept in the ledger. It never rejects, and takes a few seconds at most.
 * @returns the error, with the telling part in its details
 */
export async function collectEvidence(
  context: Context,
  step: string,
  error: unknown,
  source: Source,
): Promise<unknown> {
  try {
    const evidence = redactEvidence(await gather(context, step, source), context.redact);
    const { instances, probes } = evidence;
    const said = instances.some(({ lines, note }) => lines.length > 0 || (note && !source.optional));
    if (!said && probes.length === 0) return error;
    const kept = await save(context, evidence);
    context.evidence({
      instances: instances.map(({ id, state, lines, note }) => ({
        ...{ id, state, lines: lines.length, telling: tellingPart(lines) },
        ...(note !== undefined && { note }),
      })),
      probes: probes.map(({ path, status, fault }) => ({ path, status, fault })),
    });
    return withDetails(error, printedLines(evidence, error), kept ? historyCommand(context) : undefined);
  } catch (problem) {
    context.note(`what the failing instances logged could not be collected: ${messageOf(problem)}`);
    return error;
  }
}

async function gather(
  context: Context,
  step: string,
  { suspects, optional: _, ...wanted }: Source,
): Promise<RunEvidence> {
  const { logs: early = new Map<string, Promise<InstanceLog>>(), probes = [] } = gatheredOf(context) ?? {};
  const read = new Map<string, Promise<InstanceLog>>();
  const begin = async () => {
    for (const suspect of (await suspects().catch(() => [])).slice(0, mostInstances)) {
      read.set(
        suspect.id,
        again(early.get(suspect.id), () => readLog(context, suspect, { ...wanted, address: suspect.address })),
      );
    }
    for (const [id, log] of early) if (!read.has(id)) read.set(id, log);
    await Promise.all(read.values());
  };
  const done: InstanceLog[] = [];
  const collected = begin().then(async () => done.push(...(await Promise.all(read.values()))));
  const late = await within(
    context.clock,
    collectMs,
    collected.then(() => false),
    true,
  );
  const at = instantText(context.clock.now());
  const all = late ? await partly(read, at) : done;
  const failing = all.filter(({ state }) => state !== healthy);
  const others = all.filter(({ state }) => state === healthy);
  return { step, at, instances: [...failing, ...others], probes: probes.slice(-mostProbes) };
}

/** A log that was read while the instance was unhealthy says more than none: the newer one counts only when it could be read. */
async function again(before: Promise<InstanceLog> | undefined, read: () => Promise<InstanceLog>): Promise<InstanceLog> {
  const [now, first] = await Promise.all([read(), before]);
  if (!first) return now;
  if (now.lines.length === 0) return first;
  return { ...now, state: now.state === healthy ? first.state : now.state };
}

/** What has been read by now. */
function partly(read: ReadonlyMap<string, Promise<InstanceLog>>, at: string): Promise<InstanceLog[]> {
  const missing = { state: 'unknown', at, lines: [], note: `its log could not be read within ${collectMs / 1000} s` };
  return Promise.all([...read].map(([id, log]) => Promise.race([log, Promise.resolve({ id, ...missing })])));
}

/** True once it is in the ledger. */
async function save(context: Context, evidence: RunEvidence): Promise<boolean> {
  const { ledger } = context.services;
  const written = ledger.evidence.save(context.run.id, evidence).then(() => true);
  try {
    return await within(context.clock, saveMs, written, false);
  } catch (error) {
    context.note(`the logs could not be kept in the ledger: ${messageOf(error)}`);
    return false;
  }
}

async function within<T>(clock: Clock, ms: number, work: Promise<T>, otherwise: T): Promise<T> {
  let end: () => void = () => undefined;
  const limit = new Promise<T>((resolve) => {
    end = () => resolve(otherwise);
  });
  const timer = clock.after(ms, end);
  try {
    return await Promise.race([work, limit]);
  } finally {
    timer.cancel();
  }
}

/** What spans several lines, such as a key, is found in the whole text only. */
function redactEvidence({ instances, probes, ...rest }: RunEvidence, redact: Redact): RunEvidence {
  return {
    ...rest,
    instances: instances.map((one) => ({
      ...redact({ ...one, lines: [] }),
      lines: one.lines.length === 0 ? [] : redact(one.lines.join('\n')).split('\n'),
    })),
    probes: redact(probes),
  };
}

/** The telling part for people, unless the error has it already. */
function printedLines({ instances, probes }: RunEvidence, error: unknown): string[] {
  const known = new Set(error instanceof PipelineError ? error.details.map(comparable) : []);
  return [...probeLines(probes), ...logLines(instances, known)];
}

function probeLines(probes: readonly FailedProbe[]): string[] {
  const bodies = probes.filter((probe) => probe.body?.trim());
  const newest = [...new Map(bodies.map((probe) => [`${probe.path} ${probe.status}`, probe])).values()];
  return newest.slice(0, printedProbes).map(({ path, status, body }) => {
    const text = body?.trim() ?? '';
    return `${path} answered ${status} with ${JSON.stringify(text.length > printedBody ? `${text.slice(0, printedBody)}...` : text)}`;
  });
}

function logLines(instances: readonly InstanceLog[], known: ReadonlySet<string>): string[] {
  const withLog = instances.filter(({ lines }) => lines.length > 0);
  // Of several logs the one of an instance that fails, and of those one that names an error.
  const failing = withLog.filter(({ state }) => state !== healthy);
  const told = [...failing, ...withLog].find(({ lines }) => namesError(lines)) ?? failing[0];
  const unread = instances.filter(({ lines, note }) => lines.length === 0 && note !== undefined);
  const part = told ? tellingPart(told.lines).filter((line) => line.trim() !== '') : [];
  const unknown = part.filter((line) => !known.has(comparable(line)));
  // Ansible has shown the end of the same log; what little it lacks is not worth another list.
  const telling = unknown.length * 2 > part.length ? unknown : [];
  return [
    ...(told && telling.length > 0
      ? [`log of ${told.id} (${told.state}), ${told.from}:`, ...telling.map((line) => `  ${line}`)]
      : []),
    ...(withLog.length > 0 ? [] : unread.map(({ id, note }) => `no log of ${id}: ${note}`)),
  ];
}

/** Each that prints a line of a log may put another time before it. */
const comparable = (line: string): string => withoutTime(line.trim()).trim();

function historyCommand({ services: { fleet }, run }: Context): string {
  return `pipeline history ${fleet.app} ${run.id} --env ${fleet.environment} --logs`;
}

function withDetails(error: unknown, lines: string[], command: string | undefined): unknown {
  if (!(error instanceof PipelineError) || error.constructor !== PipelineError) return error;
  const { code, message, fix, outcome, details } = error;
  const all = [...details, ...lines, ...(command === undefined ? [] : [`all collected logs and answers: ${command}`])];
  return new PipelineError(code, message, { ...(fix !== undefined && { fix }), outcome, details: all, cause: error });
}
