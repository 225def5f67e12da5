import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import pMap from 'p-map';
import { readGroup } from '../../aws/groups.ts';
import { readInstance } from '../../aws/instances.ts';
import { need } from '../../engine/need.ts';
import { waitFleetHealthy, waitTargetHealthy } from '../../fleet/health.ts';
import { takeOut } from '../../fleet/standby.ts';
import { takeOverOnHost } from '../../fleet/take-over.ts';
import type { Host } from '../../hosts/types.ts';
import { hostsToRestart } from '../hosts.ts';
import { returnHosts, returnOrReplace } from '../return-hosts.ts';
import { restartService } from '../service.ts';
import type { RestartContext, RestartStep } from '../state.ts';

/** Restarts the service on the instances, the first one alone: when it does not come back, the others are left as they are. */
export const restartHosts: RestartStep = {
  id: 'restart-hosts',
  title: 'Restart the service',
  // Nothing is to be undone of instances that serve again.
  commits: true,
  describe: ({ state: { takeover, instance, batch }, services: { fleet } }) => [
    instance === undefined ? `one instance first, then ${batch} at a time` : `on ${instance} only`,
    takeover
      ? `on each: the service is started beside itself on port ${fleet.service.stagingPort}, checked, and takes the socket over`
      : 'each leaves the load balancer (Standby), its service is restarted, and it returns when it is healthy',
    'at the first instance that does not come back healthy it stops, and the others serve on',
  ],
  find: async ({ state: { finished = [], outside = [] } }) =>
    `${finished.length} restarted${outside.length > 0 ? `, ${outside.map((one) => one.instanceId).join(', ')} may be out of service` : ''}`,
  async run(context) {
    const { services, state } = context;
    const { instance, batch, outside = [] } = state;
    const finished = new Set(state.finished);
    const isOutside = (host: Host) => outside.some((one) => one.instanceId === host.instanceId);
    const others = (await hostsToRestart(services, state))
      .filter((host) => !finished.has(host.instanceId) && !isOutside(host))
      .filter((host) => instance === undefined || host.instanceId === instance);
    // What an interrupted process has taken out comes back first.
    let hosts: readonly Host[] = outside.length > 0 ? outside : others.splice(0, finished.size === 0 ? 1 : batch);
    const total = finished.size + hosts.length + others.length;
    while (hosts.length > 0) {
      context.signal.throwIfAborted();
      const there = await withoutGone(context, hosts);
      await restartBatch(context, there).catch((error: unknown) => {
        throw stopped(context, error, { hosts: there, done: finished.size, left: others.length });
      });
      for (const { instanceId } of there) finished.add(instanceId);
      await context.save({ finished: [...finished] });
      context.progress(`${finished.size} of ${total} instances`, { done: finished.size, total });
      hosts = others.splice(0, batch);
    }
    await waitFleetHealthy(context);
    context.note(`the service of ${finished.size} ${finished.size === 1 ? 'instance' : 'instances'} was restarted`);
  },
  async undo(context) {
    if ((context.state.outside ?? []).length > 0) await returnOrReplace(context);
  },
};

/** Others may have ended instances since the list was made. */
async function withoutGone({ services, state, note }: RestartContext, hosts: readonly Host[]): Promise<Host[]> {
  const { instances } = await readGroup(services.aws.autoScaling, state.group);
  const there = new Set(instances.filter((one) => !/^Terminat/.test(one.lifecycle)).map((one) => one.id));
  for (const { instanceId } of hosts) if (!there.has(instanceId)) note(`${instanceId} was terminated meanwhile`);
  return hosts.filter(({ instanceId }) => there.has(instanceId));
}

async function restartBatch(context: RestartContext, hosts: readonly Host[]): Promise<void> {
  const { services, state } = context;
  const { takeover, group, targetGroupArn } = state;
  if (!takeover && hosts.length > 0) {
    await context.save({ outside: hosts.map(({ instanceId, address }) => ({ instanceId, address })) });
    await takeOut(context, hosts);
  }
  // All that have begun end before anything else is done with them.
  const failed: unknown[] = [];
  await pMap(
    hosts,
    async (host) => {
      try {
        await context.change({ action: 'restart-service', target: host.instanceId }, async () => {
          if (takeover) await takeOverOnHost(services, host, 'restart.not-taken-over');
          else await restartService(services, host, need(state, 'manager'));
        });
        if (takeover) await waitTargetHealthy(context, targetGroupArn, host.instanceId, group);
      } catch (error) {
        if (await isUp(context, host)) failed.push(error);
        else context.note(`${host.instanceId} was terminated meanwhile`);
      }
    },
    { concurrency: Math.max(1, hosts.length) },
  );
  if (failed.length > 0) throw failed[0];
  // Also where none is left: what was taken out before may have changed the group.
  if (!takeover) await returnHosts(context);
}

/** What has been terminated meanwhile needs nothing. */
async function isUp({ services: { aws } }: RestartContext, { instanceId }: Host): Promise<boolean> {
  return (await readInstance(aws.ec2, instanceId))?.state === 'running';
}

/** Why it has stopped, with what was restarted and what was not. */
function stopped(
  context: RestartContext,
  error: unknown,
  { hosts, done, left }: { hosts: readonly Host[]; done: number; left: number },
): unknown {
  if (context.signal.aborted || !(error instanceof PipelineError)) return error;
  const ids = hosts.map((one) => one.instanceId).join(', ');
  return new PipelineError('restart.failed', `the service of ${ids} did not come back: ${messageOf(error)}`, {
    details: [...error.details, `restarted before: ${done}; left as they are: ${left}`],
    fix: error.fix ?? `see the log of the service on ${ids}`,
    outcome: error.outcome,
    cause: error,
  });
}
