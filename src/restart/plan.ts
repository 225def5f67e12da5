import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import { hostOf } from '../fleet/fleet-hosts.ts';
import { observeFleet } from '../fleet/observe.ts';
import type { Services } from '../fleet/services.ts';
import { canTakeOver } from '../fleet/take-over.ts';
import { type Batch, batchSize } from './batch.ts';
import { hostsToRestart, type RestartHost } from './hosts.ts';
import { findManager } from './service.ts';
import type { RestartState, RestartStep } from './state.ts';
import { checkFleet } from './steps/check-fleet.ts';
import { restartHosts } from './steps/restart-hosts.ts';

export const restartSteps: readonly RestartStep[] = [checkFleet, restartHosts];

/** What is to be restarted. */
export interface RestartRequest {
  /** Id of the only instance, or the beginning of it; without it all of the group that serves. */
  instance?: string;
  /** So many at a time, or so many percent of the fleet. */
  batch?: Batch;
}

/**
 * Plans a rolling restart of the service: in place where it can take over from itself, else through Standby. It only reads.
 * @throws PipelineError `restart.no-host`, `restart.no-service`, and `restart.one-host` where it would be an outage; usage errors
 * `instance.unknown` and `instance.ambiguous`, `restart.batch` for a batch that would leave nothing in service
 */
export async function planRestart(
  services: Services,
  clock: Clock,
  { instance: wanted, batch }: RestartRequest,
): Promise<Plan<Services, RestartState>> {
  const { app, environment } = services.fleet;
  const { facts, live } = await observeFleet(services);
  const all = await hostsToRestart(services, facts);
  const [first] = all;
  if (!first) {
    throw new PipelineError('restart.no-host', `${facts.group} has no instance whose service could be restarted`, {
      fix: live.desired === 0 ? `release first: pipeline release ${app}` : `pipeline status ${app} shows the fleet`,
    });
  }
  const chosen =
    wanted === undefined
      ? first
      : hostOf(all, wanted, (shown) => `${shown} is not an instance of ${facts.group} in service`);
  const instance = wanted === undefined ? undefined : chosen.instanceId;
  const takeover = await canTakeOver(services, chosen);
  const size = batchSize(batch, all.length);
  if (!takeover) assertServedMeanwhile(services, all, { chosen, instance, size, group: facts.group });
  return createPlan<Services, RestartState>({
    operation: 'restart',
    app,
    environment,
    steps: restartSteps,
    initial: {
      ...facts,
      takeover,
      ...(!takeover && { manager: await findManager(services, chosen) }),
      ...(instance !== undefined && { instance }),
      batch: size,
    },
    services,
    clock,
  });
}

/** Instances that serve must be left while others are out of service; where none serves there is nothing to lose. */
function assertServedMeanwhile(
  { fleet }: Services,
  all: readonly RestartHost[],
  { chosen, instance, size, group }: { chosen: RestartHost; instance?: string; size: number; group: string },
): void {
  const healthy = all.filter((one) => one.healthy).length;
  if (healthy === 0 || (instance !== undefined && !chosen.healthy)) return;
  if (healthy === 1) {
    const message = `${group} has one healthy instance, and its service would be down while it restarts`;
    throw new PipelineError('restart.one-host', message, { fix: `first: pipeline scale ${fleet.app} 2` });
  }
  if (instance !== undefined || size < healthy) return;
  throw usageError(
    'restart.batch',
    `--batch of ${size} would leave none of ${healthy} healthy instances of ${group} in service`,
    `--batch ${Math.max(1, Math.floor(healthy / 2))} at most half of them, or less`,
  );
}
