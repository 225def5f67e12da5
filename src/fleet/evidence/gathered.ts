import { stripVTControlCharacters } from 'node:util';
import { messageOf } from '@golden-pipeline/shared/errors';
import type { TargetHealth } from '../../aws/balancers.ts';
import type { Group, GroupMember } from '../../aws/groups.ts';
import { readInstance } from '../../aws/instances.ts';
import type { FailedProbe, InstanceLog } from '../../ledger/run-evidence.ts';
import { instantText } from '../../shared/instant.ts';
import type { ContextWith } from '../services.ts';
import { type LogWanted, mostLines, readServiceLog } from './service-log.ts';

type Context = ContextWith<object>;

/** An instance whose log may tell why a step fails. */
export interface Suspect {
  id: string;
  /** What the cloud says of it. */
  state: string;
  unhealthy: boolean;
}

/** So many logs are read of instances that are unhealthy while a step still goes on. */
const mostEarly = 3;

/** Characters of an answer that are kept. */
const bodyCharacters = 1000;

/** What a step has gathered so far. */
interface Gathered {
  /** By instance; none of them rejects. */
  logs: Map<string, Promise<InstanceLog>>;
  probes: FailedProbe[];
}

// By the context of the step: what a wait has seen is used where the step fails, and goes with it.
const ofStep = new WeakMap<object, Gathered>();

/** Begins to gather for a step: until then nothing is read, as nobody would use it. */
export function beginGathering(context: object): void {
  ofStep.set(context, { logs: new Map(), probes: [] });
}

/** What was gathered so far; undefined for a step that gathers nothing. */
export function gatheredOf(context: object): Gathered | undefined {
  return ofStep.get(context);
}

/**
 * Begins to read the logs of instances that are unhealthy, as Auto Scaling terminates them by itself, maybe before the step fails. It
 * waits for nothing.
 * @param templateVersion Only instances of this version are meant; undefined: all.
 */
export function noticeUnhealthy(
  context: Context,
  group: Group,
  targets: readonly TargetHealth[],
  templateVersion?: string,
): void {
  const { logs } = gatheredOf(context) ?? {};
  if (!logs) return;
  for (const suspect of suspectsOf(group, targets, templateVersion)) {
    if (!suspect.unhealthy || logs.has(suspect.id) || logs.size >= mostEarly) continue;
    logs.set(suspect.id, readLog(context, suspect));
  }
}

/** The same for one instance, whatever the cloud says of it. */
export function noticeInstance(context: Context, id: string, state: string): void {
  const { logs } = gatheredOf(context) ?? {};
  if (logs && !logs.has(id) && logs.size < mostEarly) logs.set(id, readLog(context, { id, state }));
}

/** Instances of a version, the unhealthy ones first. */
export function suspectsOf(group: Group, targets: readonly TargetHealth[], templateVersion?: string): Suspect[] {
  const health = new Map(targets.map((target) => [target.id, target]));
  const members = group.instances.filter(
    (one) => templateVersion === undefined || one.templateVersion === templateVersion,
  );
  const suspects = members.map((member) => suspectOf(member, health.get(member.id)));
  return [...suspects.filter((one) => one.unhealthy), ...suspects.filter((one) => !one.unhealthy)];
}

function suspectOf({ id, lifecycle, health }: GroupMember, target: TargetHealth | undefined): Suspect {
  const unhealthy = health === 'Unhealthy' || target?.state === 'unhealthy';
  const state = lifecycle === 'InService' || target?.state === 'unhealthy' ? target?.state : undefined;
  const reason = unhealthy && target?.reason ? `: ${target.reason}` : '';
  return { id, state: `${state ?? lifecycle}${reason}`, unhealthy };
}

/** Reads the log of an instance; what goes wrong is its note. */
export async function readLog(
  { services, clock }: Context,
  { id, state }: Pick<Suspect, 'id' | 'state'>,
  wanted: LogWanted & { address?: string } = {},
): Promise<InstanceLog> {
  const read = { id, state, at: instantText(clock.now()) };
  try {
    const address = wanted.address ?? (await readInstance(services.aws.ec2, id))?.address;
    if (!address) return { ...read, lines: [], note: 'the instance is gone' };
    const { from, lines, cut } = await readServiceLog(services, { instanceId: id, address }, clock, wanted);
    return { ...read, from, lines: lines.map(harmless), ...(cut && { note: `the last ${mostLines} lines at most` }) };
  } catch (error) {
    return { ...read, lines: [], note: harmless(messageOf(error).split('\n', 1)[0] ?? '') };
  }
}

/** Keeps wrong answers; those of the last reading replace the ones before. */
export function keepProbes(context: Pick<Context, 'clock'>, probes: readonly Omit<FailedProbe, 'at'>[]): void {
  const at = instantText(context.clock.now());
  const gathered = gatheredOf(context);
  if (gathered) gathered.probes = probes.map((probe) => toProbe({ ...probe, at }));
}

/** A wrong answer as it is kept: bounded, and without what would act on a terminal. */
export function toProbe(probe: FailedProbe): FailedProbe {
  const body = probe.body === null ? null : harmless(probe.body.slice(0, bodyCharacters));
  return { ...probe, fault: harmless(probe.fault), body };
}

/** Text without control characters, but for tabs and line ends. */
function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
