import { PipelineError } from '@golden-pipeline/shared/errors';
import { alarmsToWatch, takeBaseline } from '../../analysis/baseline.ts';
import { nameTaken } from '../../aws/create-image.ts';
import { readImages } from '../../aws/images.ts';
import { groupMachines, type Machine } from '../../aws/instances.ts';
import { isActive, readRefresh } from '../../aws/refreshes.ts';
import { waitBooted } from '../../fleet/booting.ts';
import { assertUnclaimed, claimFleet, freeFleet } from '../../fleet/claim.ts';
import { askHost } from '../../fleet/drift/ask-hosts.ts';
import { type Observation, observeFleet } from '../../fleet/observe.ts';
import { assertSecrets } from '../../fleet/secrets-check.ts';
import { assertRecorded, seeReleases } from '../../fleet/seen-releases.ts';
import type { ReleaseContext, ReleaseState, ReleaseStep, Services } from '../../fleet/services.ts';
import { showProofRoute } from '../../fleet/traffic-groups.ts';
import { recordProject } from '../../plays/project-files.ts';
import { assertRollbackTarget } from '../drift-gate.ts';

/** Checks that the fleet can take a release, chooses the bake host anew, and reserves the version. */
export const preflight: ReleaseStep = {
  id: 'preflight',
  title: 'Check the fleet',
  describe: ({ state, services }) => [
    `release ${state.version} of ${services.fleet.app}: commit ${state.commit.slice(0, 12)} (${state.ref})`,
    `fleet ${state.group} serves ${state.current.version ?? 'no release yet'}`,
    ...(state.current.version === undefined
      ? []
      : [`measure for ${services.fleet.release.watch.baselineSeconds} s how ${state.current.version} answers`]),
    ...(state.irreversible === undefined ? [] : [`there is no way back behind it: ${state.irreversible}`]),
    ...(state.noRollbackTarget ? ['there may be no rollback target: --no-rollback-target'] : []),
    ...(state.drift ?? []),
    ...secretLines(services.fleet.secrets, state.notLooked ?? []),
    ...(state.base && state.current.version !== undefined
      ? [
          `it starts from the base image, so it holds no environment but its own: no flip back to ${state.current.version}`,
        ]
      : []),
    state.bake === 'detach'
      ? 'a host of the fleet carries the bake'
      : 'a builder instance carries the bake: fewer than two healthy hosts, hosts that run no release, or asked for',
  ],
  async run(context) {
    const { services, state } = context;
    const first = await observeFleet(services);
    assertAsPlanned(services, state, first);
    await assertReady(services, first);
    const seen = first.healthy.length < first.live.desired ? await whenBooted(context, first) : first;
    await assertRollbackTarget(context, seen);
    await assertSecrets(services, seen.facts.current);
    await assertUnclaimed(context);
    const above = await assertFreeVersion(services, state, seen);
    const alarms = await alarmsToWatch(context);
    // Before anything is changed, and while every machine is in service.
    const baseline = seen.live.desired > 0 ? await takeBaseline(context, seen.facts) : undefined;
    const host = state.bake === 'detach' ? await chooseHost(services, seen) : undefined;
    const project = await recordProject(context);
    await claimFleet(context);
    // A run that died while it shifted traffic has left it leading to a colour.
    if (seen.idle) await showProofRoute(context, seen.facts.proofTargetGroupArn);
    const release = await context.change({ action: 'reserve-version', target: services.fleet.app }, () =>
      services.ledger.reserveRelease(
        {
          app: services.fleet.app,
          environment: services.fleet.environment,
          commit: state.commit,
          ref: state.ref,
          ...(project?.commit && { projectCommit: project.commit }),
          ...(project?.snapshot && { projectSnapshot: true }),
          createdAt: new Date(context.clock.now()).toISOString(),
          createdBy: services.by,
          run: context.run.id,
          baseImageId: seen.facts.current.imageId,
          ...(state.irreversible === undefined ? {} : { irreversible: state.irreversible }),
        },
        { above },
      ),
    );
    await context.save({
      ...seen.facts,
      version: release.version,
      alarms,
      ...(baseline && { baseline }),
      ...(host && { host }),
      ...(project && { project }),
    });
    const { desired } = seen.live;
    const fleet = desired === 0 ? 'the fleet is empty' : `${seen.healthy.length} of ${desired} hosts are healthy`;
    context.note(`${release.version} is reserved; ${fleet}`);
  },
  async undo(context) {
    const { services, run } = context;
    // Looked up, for the answer to the reservation may be lost.
    const reserved = (await services.ledger.releases(run.app)).filter((one) => one.run === run.id);
    for (const { version } of reserved) {
      await services.ledger.updateRelease(run.app, version, { state: 'failed', knownGood: false });
    }
    if (context.changes().some((one) => one.action === 'claim-fleet')) await freeFleet(context);
  },
};

function secretLines(secrets: Services['fleet']['secrets'], notLooked: readonly string[]): string[] {
  const names = Object.keys(secrets);
  if (names.length === 0) return [];
  return [
    `the service gets ${names.join(', ')} from where they are kept; the image holds the names only`,
    ...notLooked.map((line) => `not looked for: ${line}`),
  ];
}

/**
 * Refuses a fleet that has gone to another version since the plan was made, which is before the lock: while a person was asked, say.
 * The way to bake and to roll, and whether there is a way back, were judged by what served then.
 */
function assertAsPlanned({ fleet }: Services, { current: planned, group }: ReleaseState, { facts }: Observation): void {
  const { current } = facts;
  if (current.version === planned.version && current.imageId === planned.imageId && facts.group === group) return;
  const name = ({ version, imageId }: typeof current) => version ?? imageId ?? 'no release';
  throw new PipelineError(
    'preflight.changed',
    `${fleet.app} in ${fleet.environment} served ${name(planned)} when this release was planned, and serves ${name(current)} now`,
    { hint: `see what was done (pipeline history ${fleet.app}), then release again` },
  );
}

/** Refuses a fleet that somebody or something else is changing. */
export async function assertReady({ aws, fleet }: Services, { live: group, idle, share }: Observation): Promise<void> {
  for (const { name } of idle ? [group, idle] : [group]) {
    const refresh = await readRefresh(aws.autoScaling, name);
    if (!isActive(refresh)) continue;
    throw new PipelineError(
      'preflight.refresh-active',
      `an instance refresh of ${name} is ${refresh.status} (${refresh.percentage} %)`,
      {
        hint: 'wait until it has ended, or cancel it, then try again',
      },
    );
  }
  if (share < 1) {
    throw new PipelineError(
      'preflight.split',
      `only ${Math.round(share * 100)} % of the traffic goes to ${group.name}: a release was left halfway`,
      { hint: `give all traffic to one group first: pipeline status ${fleet.app} shows what each of them runs` },
    );
  }
  const standby = group.instances
    .filter((instance) => /Standby/.test(instance.lifecycle))
    .map((instance) => instance.id);
  if (standby.length > 0) {
    throw new PipelineError('preflight.standby', `${standby.join(', ')} of ${group.name} left in Standby`, {
      hint:
        group.desired + standby.length <= group.max
          ? 'bring it back with ExitStandby, or terminate it, then try again'
          : `terminate it, then try again: ${group.name} is at its maximum of ${group.max}, so Auto Scaling refuses ExitStandby`,
    });
  }
  const blocking = group.suspended.filter((process) =>
    ['Launch', 'Terminate', 'AddToLoadBalancer', 'InstanceRefresh'].includes(process),
  );
  if (blocking.length > 0) {
    throw new PipelineError('preflight.suspended', `processes of ${group.name} are suspended: ${blocking.join(', ')}`, {
      hint: 'resume them, or find out who suspended them and why',
    });
  }
}

/** The fleet once it has booted: what has been changed meanwhile is no longer what was planned for, and is refused. */
async function whenBooted(context: ReleaseContext, { facts }: Observation): Promise<Observation> {
  const { services, state } = context;
  await waitBooted(context, facts);
  const seen = await observeFleet(services);
  assertAsPlanned(services, state, seen);
  await assertReady(services, seen);
  return seen;
}

/**
 * Refuses a version whose image is there already, and a ledger that lacks releases which the cloud shows.
 * @returns the highest number of a version that is seen
 */
async function assertFreeVersion(
  services: Services,
  { version }: ReleaseState,
  { facts }: Observation,
): Promise<number> {
  const { fleet, ledger } = services;
  const [seen, releases] = await Promise.all([seeReleases(services, facts), ledger.releases(fleet.app)]);
  assertRecorded(services, seen, releases);
  // Since the plan was made: what is planned is above all that was there.
  const taken = seen.named.find((image) => image.name === `${fleet.names.imagePrefix}${version}`);
  if (taken && !releases.some((release) => release.version === version)) throw nameTaken(taken);
  return seen.highest;
}

/**
 * A host of the version that serves, by the template it was launched from, by its own tag and by what it answers: an image must not
 * inherit from a machine that has fallen behind, nor from one that a failed run or a person has left on something else. One whose image
 * is gone counts by its tag: that image may have been made anew.
 */
async function chooseHost(services: Services, { healthy, live: group, facts: { current } }: Observation) {
  const { ec2 } = services.aws;
  const templates = new Map(group.instances.map((instance) => [instance.id, instance.templateVersion]));
  const all = (await groupMachines(ec2, group.name)).filter((machine) => healthy.includes(machine.id));
  const images = await readImages(ec2, [...new Set(all.map((machine) => machine.imageId))]);
  const isGone = (id: string) => !images.some((image) => image.imageId === id);
  const machines = all.filter(
    ({ id, imageId }) => templates.get(id) === current.templateVersion || (current.version && isGone(imageId)),
  );
  const serves = (machine: Machine) => (machine.version || undefined) === current.version;
  const astray: string[] = [];
  for (const machine of healthy.length >= 2 ? machines.filter(serves) : []) {
    const host = { instanceId: machine.id, address: machine.address };
    const answer = current.version && (await askHost(services, host))?.version;
    if (!answer || answer === current.version) return host;
    astray.push(`${machine.id} serves ${answer}, but the fleet is on ${current.version}`);
  }
  throw new PipelineError('preflight.no-bake-host', `${group.name} has no healthy host to spare for the bake`, {
    hint: 'use a builder instance: --bake builder',
    details: machines
      .filter((one) => !serves(one))
      .map((one) => `${one.id} carries ${one.version || 'no version'}, but the fleet is on ${current.version}`)
      .concat(astray),
  });
}
