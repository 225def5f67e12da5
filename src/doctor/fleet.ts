import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { readGroupTag } from '../aws/group-tags.ts';
import type { Group } from '../aws/groups.ts';
import { isActive, readRefresh } from '../aws/refreshes.ts';
import { tagKeys } from '../aws/tags.ts';
import { awsCommand } from '../config/aws-command.ts';
import { findLeftovers, repairCommand, unknownRunOf } from '../fleet/leftovers/find-leftovers.ts';
import { readLeftoverFacts } from '../fleet/leftovers/read-leftovers.ts';
import { observeFleet } from '../fleet/observe.ts';
import { findInterruptedRun } from '../ledger/interrupted-runs.ts';
import { decideRollback } from '../rollback/decide.ts';
import { instantText } from '../shared/instant.ts';
import { readPageOn } from '../tasks/maintenance-rules.ts';
import { type Check, error, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** The fleet as it is, and what runs that did not end well have left in it. */
export function fleetChecks(services: DoctorServices, locked: boolean, clock: Clock): Check[] {
  return [
    { id: 'fleet', run: () => fleetState(services, locked) },
    { id: 'fleet.leftovers', run: () => leftovers(services, locked, clock) },
    { id: 'fleet.maintenance', run: () => maintenance(services, locked, clock) },
  ];
}

/** Commands that bring hosts back, or end them where the group's maximum leaves no room: ExitStandby is refused then. */
function endStandby(fleet: DoctorServices['fleet'], { name, desired, max }: Group, ids: readonly string[]): string {
  if (desired + ids.length <= max) {
    return awsCommand(
      fleet,
      `autoscaling exit-standby --auto-scaling-group-name ${name} --instance-ids ${ids.join(' ')}`,
    );
  }
  const end = awsCommand(
    fleet,
    'autoscaling terminate-instance-in-auto-scaling-group --no-should-decrement-desired-capacity',
  );
  return ids.map((id) => `${end} --instance-id ${id}`).join(' && ');
}

async function fleetState(services: DoctorServices, locked: boolean): Promise<Finding[]> {
  const { aws, fleet } = services;
  const { facts, live, healthy } = await observeFleet(services);
  const refresh = await readRefresh(aws.autoScaling, facts.group);
  const found: Finding[] = [];
  if (live.desired === 0) {
    found.push(
      warning('fleet.empty', `${facts.group} has no instances`, `release first: pipeline release ${fleet.app}`),
    );
  } else if (healthy.length === 0) {
    found.push(error('fleet.health', `no instance of ${facts.group} is healthy`, await healthFix(services)));
  } else if (healthy.length < live.desired) {
    const fix = `Auto Scaling replaces them; if they stay unhealthy: ${await healthFix(services)}`;
    found.push(
      warning('fleet.health', `${healthy.length} of ${live.desired} instances of ${facts.group} are healthy`, fix),
    );
  } else {
    found.push(
      ok(
        'fleet.health',
        `${facts.group} serves ${facts.current.version ?? `image ${facts.current.imageId}, which is not a release,`} on ${live.desired} instances`,
      ),
    );
  }
  // What a crashed run has left, its journal knows better than a person: such a host may carry a version that nothing has validated.
  const crashed = locked ? undefined : await findInterruptedRun(services, fleet.app);
  const tagged = locked ? undefined : await readGroupTag(aws.autoScaling, facts.group, tagKeys.run);
  const unknown = tagged !== undefined && !(await services.ledger.run(tagged)) ? tagged : undefined;
  const abort = crashed ? `pipeline abort ${fleet.app}` : tagged && repairCommand(fleet.app, unknown);
  const standby = live.instances.filter((one) => one.lifecycle === 'Standby').map((one) => one.id);
  if (standby.length > 0 && !locked) {
    found.push(
      warning(
        'fleet.standby',
        `in Standby, though nothing runs that needs it: ${standby.join(', ')}`,
        abort ?? endStandby(fleet, live, standby),
      ),
    );
  }
  if (live.suspended.length > 0 && !locked) {
    // Nothing that is launched now, or nothing at all, would serve.
    const atRisk = live.suspended.some((process) => ['Launch', 'AddToLoadBalancer'].includes(process));
    found.push(
      (atRisk ? error : warning)(
        'fleet.suspended',
        `processes of ${facts.group} are suspended: ${live.suspended.join(', ')}`,
        abort ??
          awsCommand(
            fleet,
            `autoscaling resume-processes --auto-scaling-group-name ${facts.group} --scaling-processes ${live.suspended.join(' ')}`,
          ),
      ),
    );
  }
  if (isActive(refresh) && !locked) {
    found.push(ok('fleet.refresh', `an instance refresh is ${refresh.status} (${refresh.percentage} %)`));
  }
  if (live.max < 2 * fleet.capacity.min) {
    found.push(
      warning(
        'fleet.max',
        `the maximum of ${facts.group} is ${live.max}; a roll of ${fleet.capacity.min} instances needs twice that`,
        'raise capacity.max',
      ),
    );
  }
  return found;
}

/** What makes a fleet healthy again: the last known-good version where there is one, else a version that works. */
async function healthFix(services: DoctorServices): Promise<string> {
  const { app } = services.fleet;
  try {
    await decideRollback(services, { force: false });
    return `pipeline fast-rollback ${app}`;
  } catch (reason) {
    if (!(reason instanceof PipelineError)) throw reason;
    return `release a version that works: pipeline release ${app}`;
  }
}

/** What runs that are over have left: the list of `pipeline repair`, without what the state of the fleet shows already. */
async function leftovers(services: DoctorServices, locked: boolean, clock: Clock): Promise<Finding[]> {
  const none = ok('fleet.leftovers', 'no run has left anything in the fleet');
  if (locked) return [none];
  const { app } = services.fleet;
  const facts = await readLeftoverFacts(services, clock);
  const left = findLeftovers(facts).filter(
    ({ kind, restore }) => !['standby', 'refresh'].includes(kind) && restore?.do !== 'resume-processes',
  );
  if (left.length === 0) return [none];
  const crashed = await findInterruptedRun(services, app);
  const command = crashed ? `pipeline abort ${app}` : repairCommand(app, unknownRunOf(facts));
  return left.map(({ seen, change, atRisk, restore }) =>
    (atRisk ? error : warning)('fleet.leftovers', seen, restore ? command : change),
  );
}

/** A page that is past its end is an error, for visitors should see the site: whoever was to take it off is gone, or waits for a run. */
async function maintenance(services: DoctorServices, locked: boolean, clock: Clock): Promise<Finding[]> {
  const { facts } = await observeFleet(services);
  const page = await readPageOn(services, facts.listenerArn);
  if (!page) return [ok('fleet.maintenance', 'no maintenance page is on')];
  const { until } = page;
  const off = `pipeline ${services.fleet.app} maintenance-off`;
  if (until === undefined)
    return [warning('fleet.maintenance', 'the maintenance page is on', `when it is over: ${off}`)];
  const end = instantText(until);
  if (until > clock.now()) {
    return [warning('fleet.maintenance', `the maintenance page is on until ${end}`, `to take it off before: ${off}`)];
  }
  const message = `the maintenance page is on, and its end was ${end}`;
  return locked
    ? [warning('fleet.maintenance', message, `it goes off when the active run has finished, or by ${off}`)]
    : [error('fleet.maintenance', message, off)];
}
