import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { readInstance } from '../aws/instances.ts';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import { observeFleet } from '../fleet/observe.ts';
import { assertSecrets } from '../fleet/secrets-check.ts';
import type { Services } from '../fleet/services.ts';
import { canTakeOver } from '../fleet/take-over.ts';
import { namesOnHost } from './host-programs.ts';
import type { RefreshState, RefreshStep } from './state.ts';
import { refreshCheck } from './steps/check-fleet.ts';
import { forgetValues, refreshHosts } from './steps/refresh.ts';

export const refreshSteps: readonly RefreshStep[] = [refreshCheck, refreshHosts, forgetValues];

/**
 * Plans to read the secrets anew on every host, and to restart the service with them: in place where it can take over from itself, else through
 * Standby. It only reads.
 * @throws usage errors `secrets.none` for an app without secrets, `secrets.missing`, `secrets.no-role`; PipelineError `secrets.no-host`,
 * `secrets.not-released` for a release without secrets, `secrets.one-host` where a restart would be an outage
 */
export async function planRefresh(services: Services, clock: Clock): Promise<Plan<Services, RefreshState>> {
  const { fleet, aws } = services;
  const { app, environment } = fleet;
  if (Object.keys(fleet.secrets).length === 0) {
    throw usageError(
      'secrets.none',
      `${app} has no secrets in ${environment}`,
      `name them in pipelines/${app}.ts (golden-pipeline/docs/secrets.md)`,
    );
  }
  const { facts, healthy, live } = await observeFleet(services);
  await assertSecrets(services, facts.current);
  const [first] = healthy;
  const instance = first === undefined ? undefined : await readInstance(aws.ec2, first);
  const { version } = facts.current;
  if (!instance || version === undefined) {
    throw new PipelineError('secrets.no-host', `no host of ${facts.group} serves a release of ${app}`, {
      fix: live.desired === 0 ? `release first: pipeline release ${app}` : `pipeline status ${app} shows the fleet`,
    });
  }
  const host = { instanceId: instance.id, address: instance.address };
  const [names, takeover] = await Promise.all([namesOnHost(services, host), canTakeOver(services, host)]);
  if (names.length === 0) {
    throw new PipelineError('secrets.not-released', `${version}, which serves, was released without secrets`, {
      fix: `release once more: pipeline release ${app}`,
    });
  }
  if (!takeover && healthy.length < 2) {
    throw new PipelineError(
      'secrets.one-host',
      `${facts.group} has one healthy host, and its service would be down while it restarts`,
      {
        fix: `first: pipeline scale ${app} 2`,
      },
    );
  }
  return createPlan<Services, RefreshState>({
    operation: 'refresh-secrets',
    app,
    environment,
    steps: refreshSteps,
    initial: {
      ...facts,
      version,
      takeover,
      names,
    },
    services,
    clock,
  });
}
