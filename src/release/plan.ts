import type { Clock } from '@golden-pipeline/shared/clock';
import { usageError } from '@golden-pipeline/shared/errors';
import { resolveBaseImage } from '../aws/images.ts';
import { readBaseChange } from '../changes/base.ts';
import { readSince } from '../changes/since.ts';
import { missingFiles } from '../config/missing-files.ts';
import { unsetVariables } from '../config/unset-variables.ts';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import { type Observation, observeFleet } from '../fleet/observe.ts';
import { assertSecrets } from '../fleet/secrets-check.ts';
import { assertRecorded, seeReleases } from '../fleet/seen-releases.ts';
import type { Services } from '../fleet/services.ts';
import { readCommit } from '../hosts/git/refs.ts';
import { assertReleasable } from '../hosts/git/releasable.ts';
import { describeWorkTree } from '../hosts/git/work-tree.ts';
import { type ProjectRules, planProject } from '../hosts/project/plan.ts';
import { assertTools } from '../hosts/tools.ts';
import { losesOn } from '../plays/clean.ts';
import { reasonsToDetachFirst } from '../plays/playbook/detach-first.ts';
import { servingHost } from '../plays/playbook/serving-host.ts';
import { placeOf, plannedFiles } from '../plays/project-files.ts';
import { assertPasswordNotReleased } from '../plays/vault-password-home.ts';
import { versionAfter } from '../shared/version.ts';
import { type Hook, withHooks } from './hooks.ts';
import { irreversibleMarker } from './irreversible.ts';
import { releaseSteps } from './procedure.ts';
import type { ReleaseState } from './state.ts';

export interface ReleaseOptions {
  /** Branch, tag or hash. Without it: `HEAD`, and then the work tree must have nothing that would silently not be released. */
  ref?: string;
  /** Forces a way to bake; without it the fleet's setting, or a builder when fewer than two hosts are healthy. */
  bake?: 'detach' | 'builder';
  /** Bakes on a builder from the newest base image instead of the image that serves: how a newer system gets under a fleet. */
  fromBase?: boolean;
  /** Forces a way to roll; without it the fleet's setting. An empty fleet has nothing to shift: its first release is rolled. */
  strategy?: 'rolling' | 'blue-green';
  /** Versions before it cannot work with the data any more: no rollback goes behind it. Else the commit's own marker says so. */
  irreversible?: boolean;
  /** Releases although nothing leads back, as the image that serves cannot be launched. */
  noRollbackTarget?: boolean;
  /** A version that a release in progress is going to take, and has perhaps not reserved yet. */
  after?: string;
  /** What may decide how hosts are built besides commits of the project. */
  project?: ProjectRules;
  /** The migration of the configuration is not run. */
  skipMigrate?: boolean;
  /** Tasks that run during the release. */
  hooks?: readonly Hook[];
}

/**
 * Plans the release of a commit: only reads.
 * @throws PipelineError for a missing program, an unknown ref, a commit that would not arrive as it is, a missing repository, a missing fleet or a missing base image, and
 * `ledger.incomplete` where the cloud shows releases that the ledger does not know
 */
export async function planRelease(
  services: Services,
  clock: Clock,
  options: ReleaseOptions,
): Promise<Plan<Services, ReleaseState>> {
  const { fleet, ledger } = services;
  assertVariables(fleet);
  assertTools(fleet.ssh);
  assertPlaybook(fleet);
  const { repository } = fleet.source;
  const ref = options.ref ?? 'HEAD';
  const { commit, subject, author } = await readCommit({ repository, ref });
  if (options.ref === undefined) await assertClean(fleet.source);
  await assertReleasable({ ...fleet.source, commit });
  const released = { repository, commit, named: options.ref !== undefined };
  const project = await planProject(placeOf(fleet), options.project ?? {}, released);
  await assertPasswordNotReleased(fleet, commit);
  assertStrategy(fleet, options.strategy);
  assertBake(options);
  const observed = await observeFleet(services);
  const { facts, healthy, live } = observed;
  const [uncheckedSecrets, seen, releases, drift] = await Promise.all([
    assertSecrets(services, facts.current),
    seeReleases(services, facts),
    ledger.releases(fleet.app),
    releaseDrift(services, observed),
  ]);
  assertRecorded(services, seen, releases);
  const since = await readSince(fleet.source, releases, { serving: facts.current.version, commit });
  const strategy = live.desired === 0 ? 'rolling' : (options.strategy ?? fleet.release.strategy);
  const irreversible = options.irreversible
    ? 'it was released with --irreversible'
    : await irreversibleMarker(services, commit, facts.current.version);
  const kind = fleet.ansible.kind === 'plain' ? { kind: 'plain' as const } : {};
  const wantedBake = options.bake ?? (options.fromBase || drift.foreign ? 'builder' : fleet.release.bake);
  const bakeMode = wantedBake === 'detach' && (options.bake === 'detach' || healthy.length >= 2) ? 'detach' : 'builder';
  const version = versionAfter(
    [...releases.map((release) => release.version), ...(options.after ? [options.after] : [])],
    seen.highest,
  );
  const { current } = facts;
  let asked: ReturnType<typeof servingHost> | undefined;
  const hostToAsk = () => {
    asked ??= servingHost(services, facts, healthy);
    return asked;
  };
  const { reasons, installers, clean } = await reasonsToDetachFirst(
    services,
    { version, commit, current, project },
    await plannedFiles(services, project),
    bakeMode === 'detach' ? hostToAsk : undefined,
  );
  const detachFirst = bakeMode === 'detach' ? reasons : undefined;
  const { migrate } = fleet.release;
  const migration = migrate && !options.skipMigrate ? { when: migrate.when } : undefined;
  const loses = bakeMode === 'detach' ? await losesOn(services, await hostToAsk(), clean) : undefined;
  const base = options.fromBase ? await newestBase(services) : undefined;
  const newSystem = base ?? (drift.unlaunchable && bakeMode === 'builder' ? await newestBase(services) : undefined);
  const bases = { from: current.version, fromBase: newSystem?.imageId };
  return createPlan<Services, ReleaseState>({
    operation: 'release',
    app: fleet.app,
    environment: fleet.environment,
    steps: await withHooks(
      releaseSteps({ bake: bakeMode, strategy, detachFirst, migration, ...kind }),
      options.hooks ?? [],
      services,
    ),
    initial: {
      ...facts,
      ref,
      commit,
      subject,
      author,
      ...(since && { since }),
      project,
      bake: bakeMode,
      strategy,
      ...kind,
      ...(detachFirst && { detachFirst }),
      ...(loses && { loses }),
      ...(migration && { migration }),
      ...(project.commit !== undefined && { installers }),
      ...(base && { base }),
      baseImages: await readBaseChange(services, releases, bases),
      method: strategy === 'rolling' ? 'rolling' : 'blue-green',
      ...(irreversible === undefined ? {} : { irreversible }),
      ...(options.noRollbackTarget && { noRollbackTarget: true }),
      ...(drift.unlaunchable && { unlaunchable: true }),
      ...(drift.lines.length > 0 && { drift: drift.lines }),
      ...(uncheckedSecrets.length > 0 && { uncheckedSecrets }),
      version,
    },
    services,
    clock,
  });
}

/** @throws usage error `config.missing-playbook` */
function assertPlaybook(fleet: Services['fleet']): void {
  const missing = missingFiles(fleet).find((one) => one.setting === 'ansible.playbook');
  if (missing) throw usageError('config.missing-playbook', missing.message, missing.fix);
}

/** What a release goes by of how the fleet differs from the ledger. What it refuses, it refuses under the lock. */
async function releaseDrift(services: Services, seen: Observation) {
  const { drifts } = await readDrift(services, { seen });
  return {
    lines: drifts.map(({ message, fix }) => `${message}; fix: ${fix}`),
    // What another tool has put on a host must not end in an image of ours.
    foreign: drifts.some((one) => one.kind === 'foreign-image'),
    unlaunchable: drifts.some((one) => one.severity === 'error'),
  };
}

/**
 * Refuses variables of plays that have no value, e.g. because a shell variable is not set where the release is started.
 * @throws usage error `config.unset-variable` naming them
 */
export function assertVariables({ app, environment, ansible }: Services['fleet']): void {
  const unset = unsetVariables(ansible.variables);
  if (unset.length === 0) return;
  throw usageError(
    'config.unset-variable',
    `${app} in ${environment} has ansible.variables without a value: ${unset.join(', ')}`,
    `set the shell variables that pipelines/${app}.ts reads them from; a value that is meant to be empty is ''`,
  );
}

/** @throws usage error `release.from-base` for a host of the fleet, which cannot carry another base image */
function assertBake({ fromBase, bake }: ReleaseOptions): void {
  if (!fromBase || bake !== 'detach') return;
  throw usageError(
    'release.from-base',
    '--bake detach bakes on a host that serves, and that has the base image of its own lineage',
    'leave --bake out: --from-base starts a builder from the newest base image',
  );
}

/** @throws PipelineError `image.no-base` */
async function newestBase({ fleet, aws }: Services): Promise<NonNullable<ReleaseState['base']>> {
  const { imageId, name } = await resolveBaseImage(aws.ec2, fleet.instance.baseImage);
  return { imageId, name };
}

/** @throws usage error `release.strategy` for two groups where the configuration has one */
function assertStrategy(fleet: Services['fleet'], asked: ReleaseOptions['strategy']): void {
  if (asked !== 'blue-green' || fleet.release.strategy === 'blue-green') return;
  throw usageError(
    'release.strategy',
    `${fleet.app} in ${fleet.environment} has one group, so it cannot be released by --strategy blue-green`,
    "set release.strategy to 'blue-green' and make the second group: deploy the infrastructure, or `pipeline local up`",
  );
}

/** @throws usage error `git.dirty` naming what is not committed */
async function assertClean(source: Services['fleet']['source']): Promise<void> {
  const { clean, changes } = await describeWorkTree(source);
  if (clean) return;
  const shown = changes.slice(0, 5).map((change) => change.trim());
  const more = changes.length > shown.length ? [`and ${changes.length - shown.length} more`] : [];
  throw usageError(
    'git.dirty',
    `${source.path} has changes that are not committed, and only commits are released`,
    'commit them, or release the last commit explicitly: --ref HEAD',
    [...shown, ...more],
  );
}
