import { messageOf } from '@golden-pipeline/shared/errors';
import { readTargets } from '../aws/balancers.ts';
import { readGroup } from '../aws/groups.ts';
import { type Ec2Instance, groupInstances } from '../aws/instances.ts';
import { releaseRoot } from '../fleet/release-root.ts';
import type { ContextWith, FleetGroup } from '../fleet/services.ts';
import { runHostProgram } from '../hosts/host-program.ts';
import type { RestartBaseline, RestartedInstance } from './types.ts';

/** So many instances are read, over SSH, whatever the size of the fleet. */
const mostInstances = 10;

/** Milliseconds until an instance counts as one that does not answer. */
const answerMs = 8000;

/** What the program on the host prints (ansible/host-programs/service_state.py). */
export interface ServiceState {
  boot: string;
  by: 'systemd' | 'runit';
  pid: number;
  restarts: number | null;
  started: number | null;
  held: number | null | 'not counted';
  age: number | null;
  /** null where it is not known: `held` is not counted. */
  again: boolean | null;
}

type Answer = ServiceState | { problem: string };

type Context = ContextWith<object>;

/** What two readings show. */
export interface RestartReport {
  restarted: RestartedInstance[];
  /** Instances of which it is known. */
  known: number;
  /** Of the others: why it is not known. */
  unknown: { id: string; why: string }[];
  /** Instances that serve: those that were read are some of them. */
  serving: number;
  /** Between the two readings. */
  seconds: number;
}

/** A reading of some of the instances that serve. */
interface Reading {
  serving: number;
  at: number;
  answers: Map<string, { instance: Ec2Instance; answer: Answer }>;
}

/** Counts restarts between its start and {@link RestartWatch.end}, on a sample of the instances that serve. */
export class RestartWatch {
  readonly #context: ContextWith<FleetGroup>;
  readonly #before: Promise<Reading>;

  /** Begins the first reading, which nobody waits for. */
  constructor(context: ContextWith<FleetGroup>) {
    this.#context = context;
    this.#before = readSample(context, context.state);
    // Reported at the end.
    this.#before.catch(() => undefined);
  }

  /** The second reading. It never rejects: what cannot be read is not known. */
  async end(): Promise<RestartReport> {
    const report: RestartReport = { restarted: [], known: 0, unknown: [], serving: 0, seconds: 0 };
    const context = this.#context;
    try {
      const before = await this.#before;
      report.serving = before.serving;
      report.seconds = (context.clock.now() - before.at) / 1000;
      await Promise.all(
        [...before.answers].map(async ([id, { instance, answer }]) => {
          const found = restartsBetween(answer, 'problem' in answer ? answer : await ask(context, instance));
          if ('why' in found) report.unknown.push({ id, why: found.why });
          else report.known++;
          if ('times' in found && found.times > 0) report.restarted.push({ id, times: found.times });
        }),
      );
    } catch (error) {
      report.unknown.push({ id: 'all', why: messageOf(error) });
    }
    return report;
  }
}

/**
 * How often the service restarts by itself before a release, by the age of its processes: one reading shows hours, in which a window
 * would hardly see a restart. Never rejects; undefined where no instance tells.
 */
export async function restartBaseline(context: Context, fleetGroup: FleetGroup): Promise<RestartBaseline | undefined> {
  try {
    const { answers } = await readSample(context, fleetGroup);
    return baselineOf([...answers.values()].map(({ answer }) => answer));
  } catch {
    // The reading in the window says why.
    return undefined;
  }
}

/**
 * What one reading shows. An instance of which it is not known whether its service has restarted is left out: that it has would hide the
 * restarts of the new version, and that it has not would make them look new.
 */
export function baselineOf(answers: readonly Answer[]): RestartBaseline | undefined {
  const known = answers.flatMap((answer) =>
    'problem' in answer || answer.age === null || answer.again === null
      ? []
      : [{ age: answer.age, again: answer.again }],
  );
  if (known.length === 0) return undefined;
  return {
    instances: known.length,
    restarted: known.filter(({ again }) => again).length,
    seconds: Math.round(known.reduce((sum, { age }) => sum + age, 0)),
  };
}

async function readSample(context: Context, { group: name, targetGroupArn }: FleetGroup): Promise<Reading> {
  const { services, clock } = context;
  const at = clock.now();
  const [group, targets, all] = await Promise.all([
    readGroup(services.aws.autoScaling, name),
    readTargets(services.aws.elb, targetGroupArn),
    groupInstances(services.aws.ec2, name),
  ]);
  const healthy = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const inService = new Set(group.instances.filter((one) => one.lifecycle === 'InService').map((one) => one.id));
  const serving = all.filter(({ id, state }) => state === 'running' && healthy.has(id) && inService.has(id));
  const sample = serving.sort((a, b) => a.id.localeCompare(b.id)).slice(0, mostInstances);
  const asked = sample.map(
    async (instance) => [instance.id, { instance, answer: await ask(context, instance) }] as const,
  );
  return { serving: serving.length, at, answers: new Map(await Promise.all(asked)) };
}

async function ask({ services, clock }: Context, { id, address }: Ec2Instance): Promise<Answer> {
  const { fleet, hosts } = services;
  try {
    const argument = { root: releaseRoot(fleet), app: fleet.app, service: `/etc/service/${fleet.app}` };
    const { become } = fleet.ssh;
    const host = { instanceId: id, address };
    return await runHostProgram({ hosts, clock, become }, host, 'service_state', argument, answerMs);
  } catch (error) {
    return { problem: messageOf(error).split('\n', 1)[0] ?? '' };
  }
}

/**
 * How often a service has restarted by itself between two readings. A boot, a start by one of our plays and a switch in place do not count,
 * nor does a start by hand where the init can tell it: runit cannot.
 */
export function restartsBetween(before: Answer, after: Answer): { times: number } | { why: string } {
  if ('problem' in before) return { why: before.problem };
  if ('problem' in after) return { why: after.problem };
  if (before.boot !== after.boot) return { why: 'it was booted meanwhile' };
  // A play has started or switched it meanwhile, and what it counted before is gone.
  if (before.started !== after.started) return { times: 0 };
  const own = ofInit(before, after);
  if (own > 0) return { times: own };
  const same = before.pid === after.pid;
  if (after.held === 'not counted') {
    // Its image is from before they were counted, unless it has told of them.
    const told = same && typeof before.held === 'number';
    return { why: told ? didNotAnswer : 'the serve.py of its image tells nothing of restarts' };
  }
  // What it has counted since its start would be taken for restarts of the window.
  if (same && before.held === 'not counted' && after.held !== null) return { why: didNotAnswer };
  const counted = typeof before.held === 'number' && same ? before.held : 0;
  return { times: Math.max(0, (after.held ?? 0) - counted) };
}

const didNotAnswer = 'its serve.py did not answer one of the two readings';

function ofInit(before: ServiceState, after: ServiceState): number {
  if (before.pid === after.pid) return 0;
  if (before.restarts === null || after.restarts === null) return 1;
  // A start by hand begins the count of systemd anew.
  return after.restarts >= before.restarts ? after.restarts - before.restarts : after.restarts;
}
