import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets } from '../../aws/balancers.ts';
import { groupInstances, readInstance } from '../../aws/instances.ts';
import type { Fleet } from '../../config/settings.ts';
import { changeOnce } from '../../engine/change-once.ts';
import { need } from '../../engine/need.ts';
import { releaseRoot } from '../../fleet/release-root.ts';
import type { ContextWith, StepWith } from '../../fleet/services.ts';
import { shellCommand } from '../../hosts/quote.ts';
import type { Host } from '../../hosts/types.ts';
import type { MigrateFacts } from '../migration/facts.ts';
import { type EndedMigration, runMigration } from '../migration/follow.ts';
import { forgetMigration, isUnanswered, readMigration, stopMigration } from '../migration/program.ts';

type Context = ContextWith<MigrateFacts>;

/** How long an undo waits for a migration that it has stopped, in milliseconds: SIGKILL comes after 10 s. */
const stoppedWithinMs = 30_000;
/** How long the undo of an after-roll migration tries to reach its instance, in milliseconds: the traffic is to be given back. */
const reachedWithinMs = 10_000;
/** Last lines of its output in the error. */
const shownLines = 15;

const notUndone = 'what the migration has changed in the database is not undone';

/** Runs the team's migration, once in the run, with the code and the environment of the new version. */
export const migrate: StepWith<MigrateFacts> = {
  id: 'migrate',
  title: 'Migrate the data',
  describe: ({ state, services: { fleet } }) => {
    // An undo is planned as well when the configuration has none any more.
    if (!fleet.release.migrate) return ['a migration that is not configured any more'];
    const { command, timeoutSeconds } = fleet.release.migrate;
    const folder = `${releaseRoot(fleet)}/releases/${state.version}`;
    return [
      `\`${shellCommand(command)}\` in ${folder} on ${placeOf(state)}, for up to ${timeoutSeconds} s`,
      state.migration?.when === 'after-roll'
        ? 'the whole fleet serves the new version by then; when it fails, the release is rolled back'
        : 'the new version is first started after it; when it fails, nothing has changed for users',
      `${notUndone} when the release is rolled back: the version before must work with it`,
      ...(state.irreversible === undefined
        ? [
            'if it cannot, mark the release, so that no rollback goes behind it: --irreversible, or a file .irreversible',
          ]
        : []),
    ];
  },
  async run(context) {
    const { fleet, hosts } = context.services;
    const settings = settingsOf(fleet);
    const host = context.state.migration?.host ?? (await chooseHost(context));
    await hosts.waitReachable(host, fleet.release.timeouts.health * 1000);
    const { when = settings.when } = context.state.migration ?? {};
    await context.save({ migration: { when, host } });
    const intent = { action: 'migrate', target: host.instanceId, data: { when, command: settings.command } };
    const ended = await changeOnce(context, intent, () => runMigration(context, host, settings));
    // The memory of the host loses it at the next boot in any case.
    await forgetMigration(context, host).catch(() => undefined);
    const problem = problemOf(ended, settings);
    if (problem !== undefined) throw failed(context, host, ended, problem);
    const { seconds = 0 } = ended;
    await context.save({ migration: { when, host, end: { exit: 0, seconds } } });
    context.note(`\`${shellCommand(settings.command)}\` was done on ${host.instanceId} after ${Math.round(seconds)} s`);
  },
  async find(context) {
    const host = context.state.migration?.host;
    if (!host) return undefined;
    return `started on ${host.instanceId}`;
  },
  async undo(context) {
    const begun = context.changes().find((change) => change.action === 'migrate' && !change.undoing);
    const host = context.state.migration?.host;
    if (!begun || !host) return;
    try {
      if (begun.result === undefined) await stop(context, host);
    } finally {
      // Everything else is rolled back, so its end must say it too.
      await warn(context, notUndone);
    }
  },
};

/** @throws PipelineError `migration.not-configured` for a run that was planned with one */
function settingsOf({ app, release: { migrate: settings } }: Fleet): NonNullable<Fleet['release']['migrate']> {
  if (settings) return settings;
  throw new PipelineError(
    'migration.not-configured',
    `the release was planned with a migration, and pipelines/${app}.ts has none`,
    {
      fix: `restore release.migrate, or undo the release: pipeline abort ${app}`,
    },
  );
}

function placeOf({ migration, bake }: Pick<MigrateFacts, 'migration' | 'bake'>): string {
  if (migration?.when === 'after-roll') return 'one instance of the rolled fleet';
  return bake === 'builder' ? 'the builder' : 'the bake instance';
}

/** @throws PipelineError `migration.no-instance` */
async function chooseHost({ state, services: { aws, fleet } }: Context): Promise<Host> {
  if (state.migration?.when !== 'after-roll') return need(state, 'host');
  const [instances, targets] = await Promise.all([
    groupInstances(aws.ec2, state.group),
    readTargets(aws.elb, state.targetGroupArn),
  ]);
  const healthy = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const [found] = instances
    .filter(({ id, version }) => healthy.has(id) && version === state.version)
    .sort((a, b) => a.id.localeCompare(b.id));
  if (found) return { instanceId: found.id, address: found.address };
  throw new PipelineError(
    'migration.no-instance',
    `no healthy instance of ${state.group} carries ${state.version}, so its migration cannot run`,
    { fix: `look at the fleet: pipeline status ${fleet.app}; before-roll migrations need no instance of the fleet` },
  );
}

/** How a migration did not end well; undefined when it did. */
function problemOf(
  { exit, signal, why, error }: EndedMigration,
  { command, timeoutSeconds }: { command: string[]; timeoutSeconds: number },
): string | undefined {
  if (error !== undefined) return `\`${shellCommand(command)}\` could not be run: ${error}`;
  if (why === 'timeout') return `it did not finish within ${timeoutSeconds} s and was stopped`;
  if (why === 'stopped') return 'it was stopped';
  if (signal !== undefined) return `it was ended by ${signal}`;
  return exit === 0 ? undefined : `exit ${exit}`;
}

function failed({ state }: Context, host: Host, { tail, seconds }: EndedMigration, problem: string): PipelineError {
  const lines = tail.trimEnd().split('\n').slice(-shownLines);
  const after = seconds === undefined ? '' : ` after ${Math.round(seconds)} s`;
  return new PipelineError(
    'migration.failed',
    `the migration of ${state.version} failed on ${host.instanceId}${after}: ${problem}`,
    {
      details: [...(tail.trim() === '' ? ['(it has printed nothing)'] : lines), notUndone],
      fix: 'correct it and release again: it runs from its beginning, over what it has done so far',
    },
  );
}

/** Says it now, and at the end of the run. */
async function warn(context: Context, line: string): Promise<void> {
  context.note(line);
  const { warnings = [] } = context.state;
  if (!warnings.includes(line)) await context.save({ warnings: [...warnings, line] });
}

/** Of an earlier undo of this run, which could not stop it. */
async function withdraw(context: Context, line: string): Promise<void> {
  const { warnings = [] } = context.state;
  if (warnings.includes(line)) await context.save({ warnings: warnings.filter((one) => one !== line) });
}

/** Stops a migration whose end is not known, and waits until it has stopped. */
async function stop(context: Context, host: Host): Promise<void> {
  const { services, state } = context;
  const mayRun = `the migration may still run on ${host.instanceId}: stop it there, unless the instance is terminated`;
  const instance = await readInstance(services.aws.ec2, host.instanceId);
  if (instance?.state === 'running') {
    const afterRoll = state.migration?.when === 'after-roll';
    try {
      await stopOn(context, host, afterRoll ? reachedWithinMs : services.fleet.release.timeouts.health * 1000);
    } catch (error) {
      // The undo of other steps terminates a builder and the instances of the new version, unless it is refused.
      const isGivenUp = isUnanswered(error) && (afterRoll || state.bake === 'builder');
      if (isGivenUp) context.note(`${host.instanceId} does not answer (${messageOf(error)})`);
      await warn(context, mayRun);
      if (!isGivenUp) throw error;
      return;
    }
  } else {
    context.note(`${host.instanceId} is ${instance?.state ?? 'gone'}, and the migration with it`);
  }
  await withdraw(context, mayRun);
}

/** @param withinMs How long it tries to reach the host, in milliseconds. */
async function stopOn(context: Context, host: Host, withinMs: number): Promise<void> {
  const { services, poll } = context;
  await services.hosts.waitReachable(host, withinMs);
  await context.change({ action: 'stop-migration', target: host.instanceId }, async () => {
    const { state: found } = await stopMigration(context, host);
    if (found === 'none') return 'it was never started';
    await poll({
      what: `the migration on ${host.instanceId} to stop`,
      read: () => readMigration(context, host, Number.MAX_SAFE_INTEGER),
      until: (seen) => seen.state !== 'running',
      everyMs: 500,
      timeoutMs: stoppedWithinMs,
    });
    if (found === 'running') context.note(`the migration on ${host.instanceId} was stopped (SIGTERM)`);
    return found;
  });
  // As after its end: the memory of the host loses it at the next boot in any case.
  await forgetMigration(context, host).catch(() => undefined);
}
