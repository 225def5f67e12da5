import { runSchema } from '../../../engine/schema.ts';
import type { Services } from '../../../fleet/services.ts';
import { readCommitUrl } from '../../../hosts/git/remote.ts';
import { findServing } from '../../../release/already-serves.ts';
import type { ReleaseOptions } from '../../../release/plan.ts';
import type { ReleaseState } from '../../../release/state.ts';
import { readServed, type ServedRelease } from '../../../status/served.ts';
import type { CommandOptions } from '../../command.ts';
import { commandLine } from '../../command-line.ts';
import type { CliContext } from '../../context.ts';
import { exitCodes } from '../../exit-codes.ts';
import { writeJson } from '../../views/json.ts';
import { oneLine, shortTime } from '../../views/text.ts';
import { emergencyOf } from './emergency.ts';

/** Reports that a release would bring nothing, and resolves with the exit code; undefined where there is something to release. */
export async function reportNothing(
  { stdout }: CliContext,
  options: CommandOptions,
  services: Services,
  state: ReleaseState,
  request: ReleaseOptions,
): Promise<number | undefined> {
  const { fleet, ledger, changesVersion } = services;
  const serving = await findServing(services, state);
  if (!serving) return undefined;
  const { app, version } = serving;
  const urlOf = (commit: string) => readCommitUrl(fleet.source.repository, commit);
  const release = await readServed(ledger, { app, version }, changesVersion, urlOf);
  const again = commandAgain(app, options, request, state);
  if (options.json) {
    writeJson(stdout, {
      ...{ schema: runSchema, app, environment: fleet.environment, operation: 'release' },
      ...{ version, commit: serving.commit, outcome: 'nothing-to-release', release, again },
    });
  } else {
    stdout.write(`nothing to release: ${sentence(release, fleet)}\nto build and roll it once more: ${again}\n`);
  }
  return exitCodes.done;
}

/** The command that makes just this release in spite of that: of this commit where one was named, since a branch moves on. */
function commandAgain(
  app: string,
  options: CommandOptions,
  { ref, bake, strategy, fromBase, irreversible, skipMigrate, noRollbackTarget }: ReleaseOptions,
  { commit }: ReleaseState,
): string {
  const { emergency } = emergencyOf(options);
  return commandLine([
    ...['release', app],
    ...(ref === undefined ? [] : ['--ref', commit]),
    ...(bake === undefined ? [] : ['--bake', bake]),
    ...(strategy === undefined ? [] : ['--strategy', strategy]),
    ...(fromBase ? ['--from-base'] : []),
    ...(irreversible ? ['--irreversible'] : []),
    ...(skipMigrate ? ['--skip-migrate'] : []),
    ...(noRollbackTarget ? ['--no-rollback-target'] : []),
    ...(options.allowDirty ? ['--allow-dirty'] : []),
    ...(emergency === undefined ? [] : ['--emergency', '--reason', emergency]),
    '--again',
    ...(options.env === undefined ? [] : ['--env', options.env]),
  ]);
}

/** `api v7 (abc1234 "Add a cart") serves in production already, since 2026-05-04 12:03 (ann)` */
function sentence(
  { version, commit, subject, since, by }: ServedRelease,
  { app, environment }: Services['fleet'],
): string {
  const what = [(commit ?? '').slice(0, 12), ...(subject === null ? [] : [`"${oneLine(subject)}"`])].join(' ');
  const when = since === null ? '' : `, since ${shortTime(since)}${by === null ? '' : ` (${oneLine(by)})`}`;
  return `${app} ${version} (${what}) serves in ${environment} already${when}`;
}
