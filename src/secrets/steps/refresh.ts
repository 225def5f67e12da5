import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import pMap from 'p-map';
import { waitFleetHealthy, waitTargetHealthy } from '../../fleet/health.ts';
import { returnOrTerminate, returnToService } from '../../fleet/return-host.ts';
import { takeOut } from '../../fleet/standby.ts';
import { takeOverOnHost } from '../../fleet/take-over.ts';
import { onHost } from '../host-programs.ts';
import { hostsToRefresh, type RefreshHost, stillRuns } from '../hosts.ts';
import type { RefreshContext, RefreshStep } from '../state.ts';

/** So many hosts at a time: each makes a call or two a second at most, and Parameter Store gives an account 40. */
const atOnce = 20;

/** Reads the secrets anew on every host and starts the service with them. The first host goes alone: when its service does not run with them, the others are left as they are. */
export const refreshHosts: RefreshStep = {
  id: 'refresh-hosts',
  title: 'Refresh the secrets and restart the service',
  // Every host has the new values, and nothing after this can fail because of them.
  commits: true,
  describe: ({ state, services: { fleet } }) => [
    `on every host: read ${state.names.join(', ')} anew; the previous values are kept in its memory until the end`,
    state.takeover
      ? `the service is started beside itself on port ${fleet.service.stagingPort}, checked, and takes the socket over: one host, then ${Math.min(atOnce, fleet.release.inPlace.parallel)} at a time`
      : 'one host at a time: Standby, restart of the service, back into service when it is healthy',
    'when a host fails, all hosts return to the previous values',
  ],
  async run(context) {
    const { state, services } = context;
    const hosts = (await hostsToRefresh(context)).filter((one) => !state.finished?.includes(one.instanceId));
    const finished = new Set(state.finished);
    const total = finished.size + hosts.length;
    const changed = new Set<string>();
    const refreshOne = async (host: RefreshHost): Promise<void> => {
      context.signal.throwIfAborted();
      for (const name of await refreshHost(context, host)) changed.add(name);
      finished.add(host.instanceId);
      await context.save({ finished: [...finished] });
      context.progress(`${finished.size} of ${total} hosts`, { done: finished.size, total });
    };
    const [first, ...others] = hosts;
    if (first) {
      await refreshOne(first);
      if (first.serves) await waitTargetHealthy(context, state.targetGroupArn, first.instanceId, state.group);
    }
    const concurrency = state.takeover ? Math.min(atOnce, services.fleet.release.inPlace.parallel) : 1;
    // All that have begun end, one way or the other, before anything is undone.
    const failed: unknown[] = [];
    await pMap(
      others,
      async (host) => {
        if (failed.length > 0) return;
        await refreshOne(host).catch((error: unknown) => failed.push(error));
      },
      { concurrency },
    );
    if (failed.length > 0) throw failed[0];
    await waitFleetHealthy(context);
    const names = [...changed].sort().join(', ');
    context.note(
      `${finished.size} hosts have read their secrets anew; ${names === '' ? 'no value has changed' : `changed: ${names}`}`,
    );
  },
  async undo(context) {
    const begun = [
      ...new Set(
        context
          .changes()
          .filter((one) => one.action === 'refresh-host' && !one.undoing)
          .map((one) => one.target),
      ),
    ];
    const hosts = (await hostsToRefresh(context)).filter((one) => begun.includes(one.instanceId));
    // One that was taken out and not returned to service is not a serving host now.
    const out = context.state.host?.instanceId;
    const failed: string[] = [];
    for (const host of hosts.sort((a, b) => Number(b.instanceId === out) - Number(a.instanceId === out))) {
      try {
        await restoreHost(context, host);
      } catch (error) {
        if (await stillRuns(context, host)) failed.push(`${host.instanceId}: ${messageOf(error)}`);
      }
    }
    // It was taken out, and nothing was read on it yet.
    if (context.state.host) await returnOrTerminate(context);
    if (failed.length === 0) return;
    throw new PipelineError('secrets.not-restored', `not restored to the previous values: ${failed.join('; ')}`);
  },
};

/** Drops the values before, which every host has kept for an undo. */
export const forgetValues: RefreshStep = {
  id: 'forget-values',
  title: 'Delete the previous values',
  describe: () => ['on every host, from its memory'],
  async run(context) {
    const { finished = [] } = context.state;
    const hosts = (await hostsToRefresh(context)).filter((one) => finished.includes(one.instanceId));
    await context.change({ action: 'forget-values', target: context.state.group, data: { hosts: hosts.length } }, () =>
      pMap(hosts, (host) => forget(context, host), { concurrency: atOnce }).then(() => hosts.length),
    );
  },
};

/** Resolves with the names of the secrets whose values have changed on the host; none for one that ended meanwhile. */
async function refreshHost(context: RefreshContext, host: RefreshHost): Promise<string[]> {
  const { services, state } = context;
  const outside = !state.takeover && host.serves;
  try {
    if (outside) {
      await context.save({ host: { instanceId: host.instanceId, address: host.address } });
      await takeOut(context);
    }
    const { changed } = await context.change({ action: 'refresh-host', target: host.instanceId }, async () => {
      const answer = (await onHost(services, host, 'refresh', context.run.id)) as { changed: string[] };
      await startAgain(context, host);
      return answer;
    });
    if (outside) await returnHost(context);
    return changed;
  } catch (error) {
    if (await stillRuns(context, host)) throw error;
    context.note(`${host.instanceId} ended meanwhile`);
    if (outside) await returnHost(context);
    return [];
  }
}

async function restoreHost(context: RefreshContext, host: RefreshHost): Promise<void> {
  const { services, state } = context;
  const outside = !state.takeover && (host.serves || state.host?.instanceId === host.instanceId);
  if (outside) {
    await context.save({ host: { instanceId: host.instanceId, address: host.address } });
    await takeOut(context);
  }
  await context.change({ action: 'restore-host', target: host.instanceId }, async () => {
    const { restored } = (await onHost(services, host, 'restore', context.run.id)) as { restored: boolean };
    if (!restored)
      context.note(
        `${host.instanceId} has no previous values to restore: it has read its secrets only once, or this refresh did not reach it`,
      );
    else {
      await startAgain(context, host);
      // Not before: an undo that dies in between must find them again.
      await forget(context, host);
    }
    return restored;
  });
  if (!outside) return;
  await returnOrTerminate(context);
  await context.save({ host: undefined });
}

/** Drops the values that a refresh has replaced; a host where that fails only keeps them in its memory. */
async function forget(context: RefreshContext, host: RefreshHost): Promise<void> {
  await onHost(context.services, host, 'forget', context.run.id).catch((error: unknown) =>
    context.note(`${host.instanceId} keeps the previous values in its memory until its next boot: ${messageOf(error)}`),
  );
}

async function startAgain({ services, state }: RefreshContext, host: RefreshHost): Promise<void> {
  if (state.takeover) await takeOverOnHost(services, host, 'secrets.not-taken-over');
  else await onHost(services, host, 'restart');
}

async function returnHost(context: RefreshContext): Promise<void> {
  await returnToService(context);
  await context.save({ host: undefined });
}
