import { PipelineError } from '@golden-pipeline/shared/errors';
import { alarmsToWatch, takeBaseline } from '../../analysis/baseline.ts';
import { nameTaken } from '../../aws/create-image.ts';
import { describeBaseChange } from '../../changes/base.ts';
import { describeSince } from '../../changes/since.ts';
import { waitBooted } from '../../fleet/booting.ts';
import { claimFleet, releaseClaim } from '../../fleet/claim.ts';
import { type Observation, observeFleet } from '../../fleet/observe.ts';
import { assertReady } from '../../fleet/ready.ts';
import { assertRecorded, seeReleases } from '../../fleet/seen-releases.ts';
import type { Services } from '../../fleet/services.ts';
import { pointValidationRoute } from '../../fleet/traffic-groups.ts';
import type { ReleaseRecord } from '../../ledger/types.ts';
import { recordProject } from '../../plays/project-files.ts';
import { instantText } from '../../shared/instant.ts';
import { chooseBakeInstance } from '../choose-bake-instance.ts';
import { configurationDigest } from '../configuration-digest.ts';
import { assertAcceptsRelease } from '../refusals.ts';
import type { ReleaseContext, ReleaseState, ReleaseStep } from '../state.ts';

/** Checks that the fleet can take a release, chooses the bake instance anew, and reserves the version. */
export const preflight: ReleaseStep = {
  id: 'preflight',
  title: 'Check the fleet',
  describe: ({ state, services }) => [
    `release ${state.version} of ${services.fleet.app}: commit ${state.commit.slice(0, 12)} (${state.ref})`,
    ...(state.since ? describeSince(state.since) : []),
    `fleet ${state.group} serves ${state.current.version ?? 'no release yet'}`,
    ...(state.baseImages ? [describeBaseChange(state.baseImages)] : []),
    ...(state.current.version === undefined
      ? []
      : [`measure for ${services.fleet.release.watch.baselineSeconds} s how ${state.current.version} answers`]),
    ...(state.irreversible === undefined
      ? []
      : [`no rollback to versions before ${state.version}: ${state.irreversible}`]),
    ...(state.noRollbackTarget ? ['there may be no rollback target: --no-rollback-target'] : []),
    ...(state.drift ?? []),
    ...secretLines(services.fleet.secrets, state.uncheckedSecrets ?? []),
    ...(state.base && state.current.version !== undefined
      ? [
          `it starts from the base image, so it holds no environment but its own: no in-place rollback to ${state.current.version}`,
        ]
      : []),
    state.bake === 'detach'
      ? 'an instance of the fleet is baked'
      : 'a builder instance is baked, because fewer than two hosts are healthy, the hosts run no release, or it was requested',
  ],
  async run(context) {
    const { services, state } = context;
    const first = await observeFleet(services);
    assertAsPlanned(services, state, first);
    await assertReady(services, first);
    const seen = first.healthy.length < first.live.desired ? await whenBooted(context, first) : first;
    await assertAcceptsRelease(context, seen);
    const above = await assertFreeVersion(services, state, seen);
    const alarms = await alarmsToWatch(context);
    // Before anything is changed, and while every instance is in service.
    const baseline = seen.live.desired > 0 ? await takeBaseline(context, seen.facts) : undefined;
    const host = state.bake === 'detach' ? await chooseBakeInstance(services, seen) : undefined;
    const project = await recordProject(context);
    await claimFleet(context);
    // A run that died while it shifted traffic has left it leading to a group.
    if (seen.idle) await pointValidationRoute(context, seen.facts.validationTargetGroupArn);
    const release = await reserve(context, { above, project, imageId: seen.facts.current.imageId });
    await context.save({
      ...seen.facts,
      version: release.version,
      desiredBefore: seen.live.desired,
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
  },
  atEnd: releaseClaim,
};

/** Reserves the version; one that an earlier process of this run has reserved is taken. */
async function reserve(
  { services, state, run, clock, change, changes }: ReleaseContext,
  { above, project, imageId }: { above?: number; project?: ReleaseState['project']; imageId?: string },
): Promise<ReleaseRecord> {
  const { app, environment } = services.fleet;
  const begun = changes().some((one) => one.action === 'reserve-version');
  return change({ action: 'reserve-version', target: app }, async () => {
    const earlier = begun ? (await services.ledger.releases(app)).find((one) => one.run === run.id) : undefined;
    if (earlier) return earlier;
    return services.ledger.reserveRelease(
      {
        app,
        environment,
        commit: state.commit,
        ref: state.ref,
        ...(state.subject !== undefined && { subject: state.subject }),
        ...(state.author !== undefined && { author: state.author }),
        ...(project?.commit && { projectCommit: project.commit }),
        ...(project?.snapshot && { projectSnapshot: true }),
        createdAt: instantText(clock.now()),
        createdBy: services.by,
        run: run.id,
        configuration: configurationDigest(services.fleet, run.id),
        baseImageId: imageId,
        ...(services.fleet.release.migrate && { migration: state.migration ? ('run' as const) : ('skipped' as const) }),
        ...(state.irreversible === undefined ? {} : { irreversible: state.irreversible }),
      },
      { above },
    );
  });
}

function secretLines(secrets: Services['fleet']['secrets'], uncheckedSecrets: readonly string[]): string[] {
  const names = Object.keys(secrets);
  if (names.length === 0) return [];
  return [
    `the service gets ${names.join(', ')} from where they are kept; the image holds the names only`,
    ...uncheckedSecrets.map((line) => `not checked: ${line}`),
  ];
}

/**
 * Refuses a fleet that has gone to another version since the plan was made, which is before the lock: for example while the confirmation prompt was open.
 * How to bake and to roll, and whether there is a rollback target, were decided by what served then.
 */
function assertAsPlanned({ fleet }: Services, { current: planned, group }: ReleaseState, { facts }: Observation): void {
  const { current } = facts;
  if (current.version === planned.version && current.imageId === planned.imageId && facts.group === group) return;
  const name = ({ version, imageId }: typeof current) => version ?? imageId ?? 'no release';
  throw new PipelineError(
    'preflight.changed',
    `${fleet.app} in ${fleet.environment} served ${name(planned)} when this release was planned, and serves ${name(current)} now`,
    { fix: `see what was done (pipeline history ${fleet.app}), then release again` },
  );
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
