import { messageOf } from '@golden-pipeline/shared/errors';
import pMap from 'p-map';
import { readTargets } from '../aws/balancers.ts';
import { readGroup } from '../aws/groups.ts';
import { type Ec2Instance, groupInstances } from '../aws/instances.ts';
import { type ContextWith, type FleetGroup, times } from '../fleet/services.ts';
import { switchProgram } from '../fleet/switch-program.ts';

/** What a host said. */
export interface InPlaceAnswer {
  id: string;
  ok: boolean;
  /** Its program has answered; otherwise the connection failed. */
  reached: boolean;
  /** Why it did not switch. */
  reason?: string;
  /** Seconds that the host itself needed. */
  seconds?: number;
}

/** An instance that may have to switch. */
export interface InPlaceHost extends Ec2Instance {
  /** Its group counts it as in service. */
  inService: boolean;
}

/** The fleet as an in-place rollback sees it. */
export interface InPlaceView {
  hosts: InPlaceHost[];
  /** Live instances of the group, also those that need not switch. */
  all: number;
}

/** A host is queried so often before it counts as one that cannot switch: a connection may break. */
const attempts = 2;
/** Milliseconds between two attempts. */
const attemptEveryMs = 1000;

/**
 * The instances of the group that may serve another version than the one to serve: all but those that the pinned template has
 * launched, or that nobody has ever switched.
 */
export async function findHosts(
  context: ContextWith<FleetGroup>,
  version: string,
  imageId?: string,
): Promise<InPlaceView> {
  const { aws } = context.services;
  const [group, instances] = await Promise.all([
    readGroup(aws.autoScaling, context.state.group),
    groupInstances(aws.ec2, context.state.group),
  ]);
  const lifecycles = new Map(group.instances.map((one) => [one.id, one.lifecycle]));
  const live = instances.filter(
    ({ id, state }) => ['pending', 'running'].includes(state) && !/^(Terminat|Detach)/.test(lifecycles.get(id) ?? ''),
  );
  const hosts = live
    .filter(
      (instance) => instance.imageId !== imageId || instance.switched !== undefined || instance.version !== version,
    )
    .map((instance) => ({ ...instance, inService: lifecycles.get(instance.id) === 'InService' }));
  return { hosts, all: live.length };
}

/**
 * Those of the hosts that serve, or that had the time to: an instance in service may have been launched so lately that nothing answers
 * on it yet.
 */
export async function establishedHosts(
  context: ContextWith<FleetGroup>,
  hosts: readonly InPlaceHost[],
): Promise<string[]> {
  const { aws, fleet } = context.services;
  const targets = await readTargets(aws.elb, context.state.targetGroupArn);
  const healthy = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const since = context.clock.now() - times(fleet, 'health').timeoutMs;
  return hosts
    .filter((host) => host.inService && (healthy.has(host.id) || host.launchedAt < since))
    .map((host) => host.id);
}

/** Switches hosts to a version, so many at a time as configured. It never rejects: what a host says is its answer. */
export async function switchBatch(
  context: ContextWith<FleetGroup>,
  instances: readonly Ec2Instance[],
  version: string,
): Promise<InPlaceAnswer[]> {
  let done = 0;
  const switchOne = async (instance: Ec2Instance): Promise<InPlaceAnswer> => {
    const answer = await switchHost(context, instance, version);
    done++;
    context.progress(`${done} of ${instances.length} hosts switched`, { done, total: instances.length });
    return answer;
  };
  return pMap(instances, switchOne, { concurrency: context.services.fleet.release.inPlace.parallel });
}

async function switchHost(
  context: ContextWith<FleetGroup>,
  instance: Ec2Instance,
  version: string,
): Promise<InPlaceAnswer> {
  const { fleet, hosts } = context.services;
  const { id } = instance;
  const host = { instanceId: id, address: instance.address };
  const argv = switchProgram(fleet, 'to', version);
  let reason = 'the run was stopped';
  for (let attempt = 0; attempt < attempts; attempt++) {
    // A Ctrl-C ends the pause too.
    if (attempt > 0) await context.clock.sleep(attemptEveryMs, context.signal).catch(() => undefined);
    if (context.signal.aborted) break;
    try {
      const said = await hosts.run(host, argv, { timeoutMs: fleet.release.inPlace.timeoutSeconds * 1000, once: true });
      const answer = readAnswer(said);
      if (answer.ok && answer.version === version) return { id, ok: true, reached: true, seconds: answer.seconds };
      return { id, ok: false, reached: true, reason: answer.reason ?? `it serves ${answer.version ?? 'nothing'}` };
    } catch (error) {
      reason = messageOf(error);
    }
  }
  return { id, ok: false, reached: false, reason };
}

function readAnswer(text: string): { ok: boolean; version?: string; reason?: string; seconds?: number } {
  try {
    return JSON.parse(text) as ReturnType<typeof readAnswer>;
  } catch {
    return { ok: false, reason: `it answered ${JSON.stringify(text.slice(0, 120))}` };
  }
}
