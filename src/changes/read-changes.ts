import { posix } from 'node:path';
import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { AwsClients } from '../aws/clients.ts';
import type { Fleet } from '../config/settings.ts';
import { type ChangedPath, type ListedCommit, readChangedPaths, readRange } from '../hosts/git/range.ts';
import { fetchCommand, resolveCommit } from '../hosts/git/refs.ts';
import { commitUrl, readRemote } from '../hosts/git/remote.ts';
import { repositoryPath } from '../hosts/git/run-git.ts';
import { objectsMissing, readFileAt } from '../hosts/git/tree.ts';
import { type ProjectPlace, type ProjectRepository, projectRepository, watchedPaths } from '../hosts/project/place.ts';
import type { Ledger, ReleaseRecord } from '../ledger/types.ts';
import { versionPattern } from '../shared/version.ts';
import { type BaseChange, readBaseChange } from './base.ts';
import { irreversibleFile, reasonIn } from './irreversible-file.ts';

/** One side of a comparison. */
export interface Side {
  /** The version, where it is one of the ledger; else null, and `ref` is what was requested. */
  version: string | null;
  ref: string | null;
  commit: string;
  /** Commit of the project that its plays ran from, or would run from; null where the ledger does not know it. */
  projectCommit: string | null;
}

/** What `diff --json` prints. */
export interface Changes {
  app: string;
  environment: string;
  from: Side;
  to: Side;
  /** Newest first; `url` is the page of the commit at GitHub or GitLab, null for other remotes. */
  commits: (ListedCommit & { url: string | null })[];
  /** Commits of `from` that `to` does not have. */
  removed: (ListedCommit & { url: string | null })[];
  /** There are more commits than were read. */
  cut: boolean;
  /** Files of the app that differ. */
  paths: ChangedPath[];
  /** Those of them that look like migrations of a database. */
  migrations: string[];
  /** Why earlier versions cannot work with the data afterwards; null when nothing says so. */
  irreversible: string | null;
  /** Files that decide how hosts are built and configured, and differ; null where a commit of them is not known. */
  project: ChangedPath[] | null;
  /** The base images under both; null where nothing is known of either. */
  base: BaseChange | null;
}

/** Without `aws`, base images are known by their ids only. */
type Ports = { fleet: Fleet; ledger: Pick<Ledger, 'release' | 'releases'>; aws?: Pick<AwsClients, 'ec2'> };

/** Folders in which frameworks keep migrations: Rails, Django, Alembic, Prisma, Laravel, Flyway, Knex and others. */
const migrationPath = /(^|\/)(migrations?|db\/migrate|alembic\/versions|db\/migration|sql\/migrate)\//i;

/**
 * Compares two versions or commits of an app; only reads.
 * @param serving The version that serves, for a comparison without `from`.
 * @throws usage errors for an unknown version or ref, and one whose commit the clone lacks
 */
export async function readChanges(
  { fleet, ledger, aws }: Ports,
  place: ProjectPlace,
  request: { from?: string; to?: string; serving?: string },
): Promise<Changes> {
  const { source, app, environment } = fleet;
  const { repository, path } = source;
  const repositoryOfPlays = await projectRepository(place);
  const projectHead = repositoryOfPlays && (await headOf(repositoryOfPlays.root));
  const side = (text: string) => readSide({ fleet, ledger }, text, projectHead);
  const [from, to] = await Promise.all([side(fromOf(fleet, request)), side(request.to ?? 'HEAD')]);
  const range = await readRange(repository, { from: from.commit, to: to.commit, path });
  if (!range) throw await lacking(repository, [from, to]);
  const [paths, remote, project] = await Promise.all([
    readChangedPaths(repository, { from: from.commit, to: to.commit, paths: [path] }),
    readRemote(repository),
    repositoryOfPlays ? projectPaths(place, repositoryOfPlays, from, to) : null,
  ]);
  const linked = (commits: readonly ListedCommit[]) =>
    commits.map((one) => ({ ...one, url: (remote && commitUrl(remote, one.commit)) ?? null }));
  return {
    ...{ app, environment, from, to },
    commits: linked(range.added),
    removed: linked(range.removed),
    cut: range.cut,
    paths,
    migrations: paths.filter((one) => one.how !== 'deleted' && migrationPath.test(one.path)).map((one) => one.path),
    irreversible: await irreversibleOf({ fleet, ledger }, paths, to),
    project,
    base: await readBase({ fleet, aws }, await ledger.releases(app), { from, to, serving: request.serving }),
  };
}

/** A ref is what a release would bring to the version that serves; of any other comparison only versions tell. */
async function readBase(
  ports: Pick<Ports, 'fleet' | 'aws'>,
  releases: readonly ReleaseRecord[],
  { from, to, serving }: { from: Side; to: Side; serving?: string },
): Promise<BaseChange | null> {
  const isRelease = from.version !== null && from.version === serving;
  const change = await readBaseChange(ports, releases, {
    from: from.version ?? undefined,
    to: to.version ?? (isRelease ? undefined : null),
  });
  return change.from || change.to ? change : null;
}

function fromOf({ app, environment }: Fleet, { from, serving }: { from?: string; serving?: string }): string {
  const text = from ?? serving;
  if (text !== undefined) return text;
  const message = `${app} in ${environment} serves no release to compare with`;
  throw usageError('diff.nothing-serves', message, `name both sides: pipeline diff ${app} REF HEAD`);
}

const headOf = (root: string) => resolveCommit({ repository: root, ref: 'HEAD' }).catch(() => undefined);

/** A version of the ledger, or a ref. */
async function readSide(
  { fleet, ledger }: Pick<Ports, 'fleet' | 'ledger'>,
  text: string,
  projectHead: string | undefined,
): Promise<Side> {
  if (!versionPattern.test(text)) {
    const commit = await resolveCommit({ repository: fleet.source.repository, ref: text });
    return { version: null, ref: text, commit, projectCommit: projectHead ?? null };
  }
  const record = await ledger.release(fleet.app, text);
  if (record) {
    return { version: text, ref: null, commit: record.commit, projectCommit: record.projectCommit ?? null };
  }
  throw usageError(
    'release.unknown',
    `${fleet.app} in ${fleet.environment} has no release ${text}`,
    `see \`pipeline history ${fleet.app}\`; a tag of that name: refs/tags/${text}`,
  );
}

async function lacking(repository: string, sides: readonly Side[]): Promise<PipelineError> {
  const missing = await firstMissing(repository, sides);
  return usageError(
    'git.unknown-commit',
    `this clone lacks commit ${missing.commit.slice(0, 12)} of ${missing.version ?? missing.ref}`,
    await fetchCommand(repository, missing.commit),
  );
}

async function firstMissing(repository: string, sides: readonly Side[]): Promise<Side> {
  for (const side of sides) {
    if (!(await readRange(repository, { from: side.commit, to: side.commit }))) return side;
  }
  // Each of them is there, and something in between is not.
  throw objectsMissing(sides.at(-1)?.commit ?? '', '');
}

/** Files that decide how hosts are built and differ between two commits of the project; null where a clone lacks one of them. */
export async function projectPaths(
  place: ProjectPlace,
  { root, prefix }: ProjectRepository,
  from: Pick<Side, 'projectCommit'>,
  to: Pick<Side, 'projectCommit'>,
): Promise<ChangedPath[] | null> {
  if (from.projectCommit === null || to.projectCommit === null) return null;
  const range = { from: from.projectCommit, to: to.projectCommit, paths: watchedPaths(place, prefix) };
  return readChangedPaths(root, range).catch(() => null);
}

async function irreversibleOf(
  { fleet, ledger }: Pick<Ports, 'fleet' | 'ledger'>,
  paths: readonly ChangedPath[],
  to: Side,
): Promise<string | null> {
  const recorded = to.version === null ? undefined : (await ledger.release(fleet.app, to.version))?.irreversible;
  if (recorded !== undefined) return recorded;
  const changed = paths.some(
    (one) => one.how !== 'deleted' && one.path === posix.join(repositoryPath(fleet.source.path), irreversibleFile),
  );
  const file = changed ? await readFileAt({ ...fleet.source, commit: to.commit, file: irreversibleFile }) : undefined;
  return file ? reasonIn(file.text) : null;
}
