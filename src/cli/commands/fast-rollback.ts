import { withServices } from '../../composition/with-services.ts';
import { versionName } from '../../config/names.ts';
import type { Services } from '../../fleet/services.ts';
import { planRollback } from '../../rollback/plan.ts';
import type { Cleared } from '../clear-the-way.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { makeWay, type Way } from '../make-way.ts';
import { operate } from '../operate.ts';
import { showPlan } from '../show-plan.ts';
import { writeJson } from '../views/json.ts';
import type { ShownPlan } from '../views/plan.ts';
import { servingFacts, undoByRollback } from './support/serving.ts';

const ways = ['auto', 'switch', 'flip', 'roll'] as const;

/** `pipeline fast-rollback <app> [version]` */
export const run: CommandModule['run'] = async (context, [app, asked], options) => {
  const version = asked === undefined ? undefined : versionName(asked);
  const fleet = await fleetOf(context, app, options);
  return withServices(context, fleet, (services) => rollBack(context, services, options, version));
};

/**
 * Goes back, whatever is in the way.
 * @param version Without it: the last known-good one before the current.
 */
export async function rollBack(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  version: string | undefined,
): Promise<number> {
  const { fleet } = services;
  const force = options.force === true;
  const how = ways.find((way) => way === options.how);
  const way = await makeWay(context, services, options, { version, force, how });
  if (way?.planned && way.planned.rest !== 'steps') {
    showPlan(context, options, withEnd({ ...fleet, operation: 'fast-rollback', steps: [], described: {} }, way));
    return exitCodes.done;
  }
  if (way?.back && way.version) return reportBack(context, options, way.back, way.version);
  const plan = await planRollback(services, context.clock, {
    version: way?.version ?? version,
    force,
    how,
    supersede: options.supersede === true || way !== undefined,
    wait: options.wait === true,
  });
  if (way?.planned) {
    showPlan(context, options, withEnd(plan, way));
    return exitCodes.done;
  }
  // Nobody is asked twice for the same.
  return operate(context, way?.agreed === plan.initial.version ? { ...options, yes: true } : options, {
    fleet,
    services,
    plan,
    confirm: `go back to ${plan.initial.version} of ${fleet.app} in ${fleet.environment}`,
    describe: servingFacts,
    undoHint: (state) => undoByRollback(fleet.app, state),
  });
}

/** The plan behind the end of the run that is in its way. */
function withEnd({ operation, app, environment, steps, described }: ShownPlan, { planned }: Way): ShownPlan {
  const end = { id: 'abort', title: 'End the run that is in the way' };
  return {
    ...{ operation, app, environment },
    steps: [end, ...steps],
    described: { ...described, [end.id]: planned?.lines ?? [] },
  };
}

/** Tells that the end of another run was all that it took. */
function reportBack(context: CliContext, options: CommandOptions, { run, seconds }: Cleared, serving: string): number {
  const { id, app, environment, version = null, operation } = run;
  if (options.json) {
    writeJson(context.stdout, {
      run: id,
      app,
      environment,
      version: serving,
      previous: version,
      how: 'abort',
      seconds,
      steps: run.steps,
    });
  } else {
    context.stdout.write(
      `${operation} ${id} of ${app} in ${environment} was undone in ${seconds.toFixed(1)} s; ${serving} serves on every machine\n`,
    );
  }
  return exitCodes.done;
}
