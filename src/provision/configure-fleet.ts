import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import pMap from 'p-map';
import { groupInstances } from '../aws/instances.ts';
import { readRules } from '../aws/rules.ts';
import { assertUnclaimed } from '../fleet/claim.ts';
import type { Difference } from '../fleet/configuration/compare.ts';
import { valuesWithoutDifference } from '../fleet/configuration/compare.ts';
import { type DescribedDifference, describeDifferences } from '../fleet/configuration/describe.ts';
import { readConfiguration, type SeenConfiguration } from '../fleet/configuration/read.ts';
import { recorded } from '../fleet/configuration/settings.ts';
import type { Services } from '../fleet/services.ts';
import { findInterruptedRun } from '../ledger/interrupted-runs.ts';
import type { HeldLock } from '../ledger/types.ts';
import { applyDifferences, recordApplied, removeTargetGroups } from './apply-changes.ts';

/** The result of configuring one fleet. */
export interface ConfigurationOutcome {
  app: string;
  environment: string;
  applied: DescribedDifference[];
  /** Remaining differences, each with its reason and fix. */
  open: DescribedDifference[];
  /** Why nothing could be applied now, e.g. the owner of the lock. */
  postponed: string | null;
}

interface Options {
  clock: Clock;
  /** The command as typed, for the lock. */
  command: string;
  /** Also overwrite changes in the cloud, and differences of unknown origin. */
  overwrite: boolean;
  /** Creates missing resources of the fleet. */
  make: () => Promise<void>;
}

/**
 * Applies the changes of a pipelines file since the last time to a fleet of the local cloud, under the app's lock.
 * Changes in the cloud are kept and reported. After an interruption the next call completes the work.
 */
export async function configureFleet(services: Services, options: Options): Promise<ConfigurationOutcome> {
  const { fleet, aws } = services;
  const seen = await readConfiguration(services, options.clock.now());
  if (chosen(seen, options).length === 0) {
    await record(services, seen);
    return outcome(services, [], seen.differences);
  }
  const lock = await take(services, options.command);
  if (typeof lock === 'string') return outcome(services, [], seen.differences, lock);
  try {
    const other = await otherRun(services);
    if (other !== undefined) return outcome(services, [], seen.differences, other);
    // Somebody may have changed the fleet before the lock was taken.
    const now = await readConfiguration(services, options.clock.now());
    const { free, blocked } = await checkAnswers(services, now, chosen(now, options));
    const next = () => lock.confirm();
    const kept: Difference[] = [...blocked];
    if (free.some((one) => one.setting === 'service.port')) {
      const why = await foreignRules(services, now);
      if (why === undefined) {
        await removeTargetGroups(aws, now.resources, next);
        await options.make();
      } else {
        const fix = `remove them first, or put service.port back in pipelines/${fleet.app}.ts`;
        kept.push(...free.filter(isPort).map((one) => ({ ...one, blocked: { why, fix } })));
      }
    }
    await applyDifferences(
      aws,
      now,
      // Target groups that were created again have all values of the file.
      free.filter((one) => !isPort(one)),
      next,
    );
    const after = await readConfiguration(services, options.clock.now());
    await next();
    await record(services, after);
    const why = new Map(kept.map((one) => [keyOf(one), one]));
    const open = after.differences.map((one) => why.get(keyOf(one)) ?? one);
    const left = new Set(open.map(keyOf));
    return outcome(
      services,
      free.filter((one) => !left.has(keyOf(one))),
      open,
    );
  } finally {
    await lock.release().catch(() => undefined);
  }
}

const isPort = ({ setting }: Difference): boolean => setting === 'service.port';
const keyOf = ({ setting, kind, resource, now }: Difference): string => JSON.stringify([setting, kind, resource, now]);

/** Differences that are to be applied now. */
function chosen({ differences }: SeenConfiguration, { overwrite }: Pick<Options, 'overwrite'>): Difference[] {
  return differences.filter(({ blocked, origin }) => !blocked && (overwrite || origin === 'file'));
}

/** Takes the lock, or returns its owner. */
async function take({ ledger, fleet }: Services, command: string): Promise<HeldLock | string> {
  try {
    return await ledger.lock(fleet.app, { command });
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'lock.held') return error.message;
    throw error;
  }
}

/** An interrupted run: its changes must be undone first. */
async function otherRun(services: Services): Promise<string | undefined> {
  const { fleet } = services;
  const crashed = await findInterruptedRun(services, fleet.app);
  if (crashed)
    return `run ${crashed.id} (${crashed.operation}) was interrupted; undo its changes first: pipeline abort ${fleet.app}`;
  try {
    await assertUnclaimed({ services, run: { id: '' } });
    return undefined;
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'fleet.claimed') return error.message;
    throw error;
  }
}

/**
 * A health check that the serving instances fail would remove all of them, so a new path is requested from them first,
 * within the time-out of the new check.
 */
async function checkAnswers(
  services: Services,
  { resources }: SeenConfiguration,
  differences: readonly Difference[],
): Promise<{ free: Difference[]; blocked: Difference[] }> {
  const { fleet, aws, probe } = services;
  const risky = ({ setting }: Difference) =>
    setting === 'balancer.healthCheck.path' || setting === 'balancer.healthCheck.timeoutSeconds';
  if (!differences.some(risky)) return { free: [...differences], blocked: [] };
  const { path, timeoutSeconds } = fleet.balancer.healthCheck;
  const port = resources.targetGroups[0]?.port ?? fleet.service.port;
  const instances = (await Promise.all(resources.groups.map(({ name }) => groupInstances(aws.ec2, name)))).flat();
  const running = instances.filter((one) => one.state === 'running' && one.address !== '');
  const answers = await pMap(
    running,
    async ({ id, address }) => {
      const url = `http://${address}:${port}${path}`;
      const answer = await probe(url, { timeoutMs: timeoutSeconds * 1000 }).catch(messageOf);
      if (typeof answer === 'string') return `${id} does not answer ${path}: ${answer}`;
      return answer.status === 200 ? undefined : `${id} answers ${path} with ${answer.status}`;
    },
    { concurrency: 20 },
  );
  const bad = answers.filter((one) => one !== undefined);
  if (bad.length === 0) return { free: [...differences], blocked: [] };
  const more = bad.length > 1 ? `, and ${bad.length - 1} more instances fail it as well` : '';
  const blocked = {
    why: `it would take instances that serve out of the load balancer: ${bad[0]}${more}`,
    fix: `first release a version that answers ${path} with 200 and the path before it, too`,
  };
  return {
    free: differences.filter((one) => !risky(one)),
    blocked: differences.filter(risky).map((one) => ({ ...one, blocked })),
  };
}

/** Rules of others on a listener, which would be deleted with it. */
async function foreignRules({ aws, fleet }: Services, { resources }: SeenConfiguration): Promise<string | undefined> {
  const own = resources.targetGroups.find((one) => one.name === fleet.names.validationTargetGroup)?.arn;
  for (const { arn, port } of resources.listeners) {
    const others = (await readRules(aws.elb, arn)).filter(
      ({ actions }) => own === undefined || !JSON.stringify(actions).includes(own),
    );
    if (others.length > 0) {
      const which = others.map((one) => one.priority).join(', ');
      return `the listener on port ${port} has other rules (priority ${which}), which would be lost with its target groups`;
    }
  }
  return undefined;
}

/** Records the current values, where none are recorded yet. */
async function record({ aws, fleet }: Services, seen: SeenConfiguration): Promise<void> {
  const values = valuesWithoutDifference(seen, seen.differences);
  const news = Object.entries(values).filter(
    ([name, value]) => seen.applied[name as keyof typeof values] !== recorded(value),
  );
  if (seen.resources.groups.length > 0) await recordApplied(aws, fleet, Object.fromEntries(news));
}

function outcome(
  { fleet }: Services,
  applied: readonly Difference[],
  open: readonly Difference[],
  postponed: string | null = null,
): ConfigurationOutcome {
  const { app, environment } = fleet;
  return {
    app,
    environment,
    applied: describeDifferences(fleet, applied),
    open: describeDifferences(fleet, open),
    postponed,
  };
}
