import type { Host } from '../hosts/types.ts';
import type { RunContext } from '../run/step.ts';
import { PipelineError } from '../shared/errors.ts';
import type { Services } from '../steps/services.ts';

/** What these helpers need of a context: any step has it. */
type HostContext = Pick<RunContext<Services, object>, 'services' | 'progress'>;

/** Connections opened at once; each costs a login of some 0.2 s of processor time. */
const parallel = 8;

/**
 * The machines of the fleet that run, in a steady order.
 * @throws PipelineError `task.no-hosts` when there are none
 */
export async function runningHosts({ services: { aws, fleet } }: HostContext): Promise<Host[]> {
  // The SDK's clients take a third of a second to load: a pipelines file that only names this function does not pay for them.
  const { groupMachines } = await import('../aws/instances.ts');
  const machines = await groupMachines(aws.ec2, fleet.names.group);
  const hosts = machines
    .filter((machine) => machine.state === 'running' && machine.address)
    .map((machine) => ({ instanceId: machine.id, address: machine.address }))
    .sort((a, b) => a.instanceId.localeCompare(b.instanceId));
  if (hosts.length > 0) return hosts;
  throw new PipelineError('task.no-hosts', `no machine of ${fleet.names.group} runs`, {
    hint: `release first: pipeline release ${fleet.app}`,
  });
}

/** Runs a program on one machine of the fleet and gives what it printed. No shell takes part. */
export async function onOneHost(context: HostContext, argv: string[], timeoutMs?: number): Promise<string> {
  const [host] = await runningHosts(context);
  return host ? context.services.hosts.run(host, argv, { timeoutMs }) : '';
}

/**
 * Runs a program on every machine of the fleet, some at a time, and gives what each printed by instance id.
 * All are tried; @throws PipelineError `task.hosts-failed` naming those where it failed
 */
export async function onEveryHost(
  context: HostContext,
  argv: string[],
  timeoutMs?: number,
): Promise<Record<string, string>> {
  const hosts = await runningHosts(context);
  const { default: pMap } = await import('p-map');
  let done = 0;
  const failed: string[] = [];
  const printed = await pMap(
    hosts,
    async (host): Promise<[string, string]> => {
      const output = await context.services.hosts.run(host, argv, { timeoutMs }).catch((error: unknown) => {
        failed.push(`${host.instanceId}: ${error instanceof Error ? error.message : String(error)}`);
        return '';
      });
      done++;
      context.progress(`${done} of ${hosts.length} machines`, { done, total: hosts.length });
      return [host.instanceId, output];
    },
    { concurrency: parallel },
  );
  if (failed.length === 0) return Object.fromEntries(printed);
  throw new PipelineError(
    'task.hosts-failed',
    `\`${argv.join(' ')}\` failed on ${failed.length} of ${hosts.length} machines`,
    {
      details: failed,
    },
  );
}
