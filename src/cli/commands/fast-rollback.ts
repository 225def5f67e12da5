import { versionName } from '../../config/names.ts';
import { planRollback } from '../../operations/fast-rollback.ts';
import { readStatus } from '../../operations/read-status.ts';
import type { Services } from '../../steps/services.ts';
import { confirm } from '../ask.ts';
import { type Cleared, clearTheWay } from '../clear-the-way.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { operate } from '../operate.ts';
import { writeJson } from '../views/json.ts';
import { withServices } from '../with-services.ts';
import { servingFacts, undoByRollback } from './support/serving.ts';

const ways = ['auto', 'switch', 'flip', 'roll'] as const;

/** `pipeline fast-rollback <app> [version]` */
export const run: CommandModule['run'] = async (context, [app, asked], options) => {
  const version = asked === undefined ? undefined : versionName(asked);
  const fleet = await fleetOf(context, app, options);
  return withServices(context, fleet, async (services) => {
    const cleared = options.dryRun ? undefined : await endOtherRun(context, services, options);
    const back = cleared && (await isBack(services, cleared, version));
    if (cleared && back) return reportBack(context, options, cleared);
    const plan = await planRollback(services, context.clock, {
      version,
      force: options.force === true,
      how: ways.find((way) => way === options.how),
      supersede: options.supersede === true || cleared !== undefined,
      wait: options.wait === true,
    });
    return operate(context, options, {
      fleet,
      services,
      plan,
      confirm: `go back to ${plan.initial.version} of ${fleet.app} in ${fleet.environment}`,
      describe: servingFacts,
      undoHint: (state) => undoByRollback(fleet.app, state),
    });
  });
};

/** Ends a release that is under way, or what a dead one has left; asks first where an AWS account would be changed. */
async function endOtherRun(
  context: CliContext,
  services: Services,
  options: CommandOptions,
): Promise<Cleared | undefined> {
  const { fleet, ledger } = services;
  const lock = await ledger.lockOf(fleet.app);
  if (lock?.run && (await ledger.run(lock.run))?.operation === 'release' && fleet.cloud === 'aws') {
    await confirm(context, options, `end ${lock.owner}'s "${lock.command}" and go back?`);
  }
  return clearTheWay(context, services, options, { reason: 'fast-rollback', only: 'release' });
}

/** Whether the end of that run was all that it takes: the fleet serves what it served before, which is what is asked for. */
async function isBack(services: Services, { run }: Cleared, version: string | undefined): Promise<boolean> {
  if (!['interrupted', 'rolled-back', 'failed'].includes(run.outcome ?? '')) return false;
  const status = await readStatus(services);
  const wanted = version ?? run.previous ?? status.version;
  return (
    status.version === wanted &&
    status.healthy === status.desired &&
    status.instances.every((instance) => instance.version === wanted)
  );
}

function reportBack(context: CliContext, options: CommandOptions, { run, seconds }: Cleared): number {
  const { id, app, environment, version = null, previous = null, operation } = run;
  if (options.json) {
    writeJson(context.stdout, {
      run: id,
      app,
      environment,
      version: previous,
      previous: version,
      how: 'abort',
      seconds,
      steps: run.steps,
    });
  } else {
    const serving = previous === null ? '' : `; ${previous} serves on every machine`;
    context.stdout.write(
      `${operation} ${id} of ${app} in ${environment} was undone in ${seconds.toFixed(1)} s${serving}\n`,
    );
  }
  return exitCodes.done;
}
