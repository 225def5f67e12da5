import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import type { Explanation } from '../engine/poll.ts';
import type { RunContext } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import type { Host } from '../hosts/types.ts';

/** What these helpers need of a context: any step has it. */
type HostContext = Pick<RunContext<Services, object>, 'services' | 'progress' | 'poll'>;

/** Connections opened at once; each costs a login of some 0.2 s of processor time. */
const parallel = 8;

/**
 * The instances that serve: in service in the group that has the traffic, those that are healthy for the load balancer first, in a
 * steady order. Waits for the first one, up to `release.timeouts.health`, when the group is to have instances.
 * @throws PipelineError `task.no-hosts` for a group that is to have none; `wait.timeout`
 */
export async function runningHosts({ services, poll, progress }: HostContext): Promise<Host[]> {
  const { fleet } = services;
  const { group, hosts } = await poll({
    what: `an instance of ${fleet.app} to be in service`,
    read: () => readHosts(services),
    until: (seen) => seen.hosts.length > 0 || seen.desired === 0,
    progress: (seen) => progress(`no instance of ${seen.group} is in service yet`),
    explain: (seen) => explain(services, seen.group),
    ...(await patience(services)),
  });
  if (hosts.length > 0) return hosts;
  throw new PipelineError('task.no-hosts', `no instance of ${group} is in service`, {
    fix: `release first: pipeline release ${fleet.app}`,
  });
}

/** Pipelines files import this module: the SDK is not loaded for them. */
async function explain(services: Services, group: string): Promise<Explanation> {
  const { explainGroup } = await import('../fleet/explain.ts');
  return explainGroup({ services, state: {} }, group)();
}

/**
 * Runs a program on one instance of the fleet and gives what it printed. No shell takes part.
 * An instance that cannot be reached (it still boots, say) or ends meanwhile is passed over for the next one, and all are tried again
 * for `release.timeouts.health`: so the program may be started more than once, and must be one that can be repeated.
 * @throws PipelineError `ssh.failed` as soon as the program itself fails; `task.unreachable` naming what kept each instance
 */
export async function onOneHost(context: HostContext, argv: string[], timeoutMs?: number): Promise<string> {
  const { services, progress } = context;
  const reasons = new Map<string, string>();
  try {
    const answer = await context.poll({
      what: `an instance of ${services.fleet.app} to answer`,
      read: async () => {
        for (const host of await runningHosts(context)) {
          const tried = await tryOn(services, host, argv, timeoutMs);
          if ('printed' in tried) return tried;
          reasons.set(host.instanceId, tried.out);
          progress(`${host.instanceId} is out of reach`);
        }
        return undefined;
      },
      until: (found) => found !== undefined,
      ...(await patience(services)),
    });
    return answer?.printed ?? '';
  } catch (error) {
    if (codeOf(error) !== 'wait.timeout' || reasons.size === 0) throw error;
    throw new PipelineError(
      'task.unreachable',
      `\`${argv.join(' ')}\` was not run: no instance of ${services.fleet.app} is reached`,
      { details: [...reasons].map(([id, why]) => `${id}: ${why}`), cause: error },
    );
  }
}

/**
 * Runs a program on every instance of the fleet, some at a time, and gives what each printed by instance id. One that cannot be reached
 * yet is waited for, up to `release.timeouts.health`; one that ends meanwhile is left out.
 * All are tried; @throws PipelineError `task.hosts-failed` naming those where it failed
 */
export async function onEveryHost(
  context: HostContext,
  argv: string[],
  timeoutMs?: number,
): Promise<Record<string, string>> {
  const { services } = context;
  const hosts = await runningHosts(context);
  const [{ default: pMap }, limit] = await Promise.all([import('p-map'), patience(services)]);
  let done = 0;
  const failed: string[] = [];
  const visit = async (host: Host): Promise<string | undefined> => {
    const tried = await tryOn(services, host, argv, timeoutMs);
    if ('printed' in tried) return tried.printed;
    if (!(await isUp(services, host))) return undefined;
    await services.hosts.waitReachable(host, limit.timeoutMs);
    const again = await tryOn(services, host, argv, timeoutMs);
    if ('printed' in again) return again.printed;
    throw new Error(again.out);
  };
  const printed = await pMap(
    hosts,
    async (host): Promise<[string, string] | undefined> => {
      const output = await visit(host).catch(async (error: unknown) => {
        if (await isUp(services, host)) failed.push(`${host.instanceId}: ${messageOf(error)}`);
        return undefined;
      });
      done++;
      context.progress(`${done} of ${hosts.length} instances`, { done, total: hosts.length });
      return output === undefined ? undefined : [host.instanceId, output];
    },
    { concurrency: parallel },
  );
  if (failed.length === 0) return Object.fromEntries(printed.filter((one) => one !== undefined));
  throw new PipelineError(
    'task.hosts-failed',
    `\`${argv.join(' ')}\` failed on ${failed.length} of ${hosts.length} instances`,
    { details: failed },
  );
}

/** What the program printed, or why it cannot be known there. @throws what the program's own failure gives */
async function tryOn(
  services: Services,
  host: Host,
  argv: string[],
  timeoutMs: number | undefined,
): Promise<{ printed: string } | { out: string }> {
  try {
    return { printed: await services.hosts.run(host, argv, { timeoutMs }) };
  } catch (error) {
    if (codeOf(error) !== 'ssh.unreachable' && (await isUp(services, host))) throw error;
    // An instance that has booted again has new keys: the next try asks for them anew.
    await services.hosts.forget(host);
    return { out: messageOf(error) };
  }
}

interface SeenHosts {
  group: string;
  desired: number;
  hosts: Host[];
}

// The SDK's clients take a third of a second to load: a pipelines file that only names these functions does not pay for them.
async function readHosts({ aws, fleet }: Services): Promise<SeenHosts> {
  const [{ readLive }, { groupInstances }, { readTargets }] = await Promise.all([
    import('../fleet/observe.ts'),
    import('../aws/instances.ts'),
    import('../aws/balancers.ts'),
  ]);
  const { group, targetGroupArn, seen } = await readLive({ aws, fleet });
  const [instances, targets] = await Promise.all([
    groupInstances(aws.ec2, group),
    readTargets(aws.elb, targetGroupArn),
  ]);
  const inService = new Set(seen.instances.filter((one) => one.lifecycle === 'InService').map((one) => one.id));
  const healthy = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const rank = (id: string) => `${healthy.has(id) ? 0 : 1} ${id}`;
  const hosts = instances
    .filter((instance) => instance.state === 'running' && instance.address && inService.has(instance.id))
    .map((instance) => ({ instanceId: instance.id, address: instance.address }))
    .sort((a, b) => rank(a.instanceId).localeCompare(rank(b.instanceId)));
  return { group, desired: seen.desired, hosts };
}

async function isUp({ aws }: Services, { instanceId }: Host): Promise<boolean> {
  const { readInstance } = await import('../aws/instances.ts');
  return (await readInstance(aws.ec2, instanceId))?.state === 'running';
}

async function patience({ fleet }: Services): Promise<{ everyMs: number; timeoutMs: number }> {
  return (await import('../fleet/services.ts')).times(fleet, 'health');
}

/** By its code, not its class: the file that names a task may have loaded another copy of this product. */
function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
