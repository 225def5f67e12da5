import { runSchema } from '../../../engine/schema.ts';
import type { Services } from '../../../fleet/services.ts';
import { readCommitUrl } from '../../../hosts/git/remote.ts';
import { findServing } from '../../../release/already-serves.ts';
import type { ReleaseState } from '../../../release/state.ts';
import { readServed, type ServedRelease } from '../../../status/served.ts';
import type { CommandOptions } from '../../command.ts';
import type { CliContext } from '../../context.ts';
import { exitCodes } from '../../exit-codes.ts';
import { writeJson } from '../../views/json.ts';
import { oneLine, shortTime } from '../../views/text.ts';

/** Reports that a release would bring nothing, and resolves with the exit code; undefined where there is something to release. */
export async function reportNothing(
  { stdout }: CliContext,
  { json, env }: CommandOptions,
  services: Services,
  state: ReleaseState,
): Promise<number | undefined> {
  const { fleet, ledger, changesVersion } = services;
  const serving = await findServing(services, state);
  if (!serving) return undefined;
  const { app, version } = serving;
  const urlOf = (commit: string) => readCommitUrl(fleet.source.repository, commit);
  const release = await readServed(ledger, { app, version }, changesVersion, urlOf);
  const again = `pipeline release ${app} --again${env === undefined ? '' : ` --env ${env}`}`;
  if (json) {
    writeJson(stdout, {
      ...{ schema: runSchema, app, environment: fleet.environment, operation: 'release' },
      ...{ version, commit: serving.commit, outcome: 'nothing-to-release', release, again },
    });
  } else {
    stdout.write(`nothing to release: ${sentence(release, fleet)}\nto build and roll it once more: ${again}\n`);
  }
  return exitCodes.done;
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
