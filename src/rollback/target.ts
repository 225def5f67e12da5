import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { rollbackTarget, withImage } from '../fleet/versions.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { compareVersions } from '../shared/version.ts';

/** What is requested, and what serves. */
export interface TargetRequest {
  app: string;
  /** Without it: the last known-good version before the one that serves. */
  version?: string;
  /** Goes back to what was never known-good, and across irreversible releases, too. */
  force: boolean;
  /** The newest version that serves, if any. */
  serving?: string;
  /** Some hosts still run another image than that of the version that serves. */
  unfinished: boolean;
  /** Ids of the images that are available: no other version is chosen or offered. */
  there: ReadonlySet<string>;
}

/**
 * The release to go back to.
 * @throws PipelineError `rollback.no-target`, `rollback.unknown-version`, `rollback.same-version`, `rollback.not-known-good` or
 * `rollback.irreversible`, each with the alternatives
 */
export function chooseTarget(releases: readonly ReleaseRecord[], request: TargetRequest): ReleaseRecord {
  const { app, version, serving, there } = request;
  const offered = withImage(releases, there);
  // Where no image is there, the caller says what has become of the last one.
  const target =
    version === undefined
      ? (rollbackTarget(offered, serving) ?? rollbackTarget(releases, serving))
      : releases.find((one) => one.version === version);
  if (!target && version === undefined) {
    throw new PipelineError(
      'rollback.no-target',
      `${app} has no known-good release before ${serving ?? 'the first one'}`,
      {
        fix: `${targetFix(offered, request)}see what there is: pipeline images ${app}`,
      },
    );
  }
  if (!target) {
    throw usageError(
      'rollback.unknown-version',
      `${app} has no release ${version}. Available: ${availableVersions(offered, serving)}`,
      `pipeline images ${app}`,
    );
  }
  if (target.version === serving && !request.unfinished) {
    throw usageError('rollback.same-version', `${app} serves ${serving} already`, `pipeline status ${app}`);
  }
  assertKnownGood(target, request, offered);
  assertReversible(target, request, releases);
  return target;
}

/** What `fast-rollback` goes to without `--force`. */
function availableVersions(offered: readonly ReleaseRecord[], serving: string | undefined): string {
  const versions = offered.filter((release) => release.knownGood && release.version !== serving);
  return (
    versions.map(({ version, rolledBackAt }) => (rolledBackAt ? `${version} (rolled back)` : version)).join(', ') ||
    'none'
  );
}

/** Known-good versions before the one that serves which a rollback went away from: a person may know better. */
function targetFix(releases: readonly ReleaseRecord[], { app, serving }: TargetRequest): string {
  const last = rollbackTarget(
    releases.flatMap((release) =>
      release.rolledBackAt === undefined ? [] : [{ ...release, rolledBackAt: undefined }],
    ),
    serving,
  );
  if (!last) return '';
  const { rolledBackAt } = releases.find((release) => release.version === last.version) ?? {};
  return `${last.version} was rolled back at ${rolledBackAt}; to go there all the same: pipeline fast-rollback ${app} ${last.version}. Or `;
}

function assertKnownGood(
  target: ReleaseRecord,
  { app, force, serving }: TargetRequest,
  offered: readonly ReleaseRecord[],
): void {
  if (target.image && (target.knownGood || force)) return;
  const other = rollbackTarget(offered, serving)?.version;
  const instead = other === undefined ? `pipeline images ${app}` : `pipeline fast-rollback ${app} ${other}`;
  throw usageError(
    'rollback.not-known-good',
    `${target.version} of ${app} ${target.image ? 'never served a whole verify window' : 'has no image'}`,
    target.image ? `choose another version (${instead}), or insist with --force` : `choose another: ${instead}`,
  );
}

/** Versions behind an irreversible release cannot work with the data any more. */
function assertReversible(
  target: ReleaseRecord,
  { app, force, serving, there }: TargetRequest,
  releases: readonly ReleaseRecord[],
): void {
  if (force || serving === undefined) return;
  const crossed = releases.filter(
    (release) =>
      release.irreversible !== undefined &&
      release.state !== 'failed' &&
      compareVersions(release.version, target.version) > 0 &&
      compareVersions(release.version, serving) <= 0,
  );
  const last = crossed.at(-1);
  if (!last) return;
  const furthest = withImage(releases, there).find(
    ({ version, knownGood }) => knownGood && version !== serving && compareVersions(version, last.version) >= 0,
  );
  throw new PipelineError(
    'rollback.irreversible',
    `${target.version} of ${app} cannot work with what ${last.version} has made of the data: ${last.irreversible}`,
    {
      fix:
        furthest === undefined || compareVersions(furthest.version, serving) > 0
          ? 'release a fix forward; or, if you know that the data allows it, insist with --force'
          : `go back to ${furthest.version} at most: pipeline fast-rollback ${app} ${furthest.version}; or insist with --force`,
    },
  );
}
