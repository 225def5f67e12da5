import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { gitRef } from '../../config/names.ts';
import { assertOwnNames } from '../../config/project.ts';
import type { Services } from '../../fleet/services.ts';
import { assertVariables, planRelease, type ReleaseOptions } from '../../release/plan.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { fleetOf } from '../fleets.ts';
import { operate } from '../operate.ts';
import { takeBackDead } from '../take-back.ts';
import { aroundOf } from '../tasks.ts';
import { findUnderWay } from '../under-way.ts';
import { projectRules } from './support/project-rules.ts';
import { servingFacts, undoByRollback } from './support/serving.ts';

/** `pipeline release <app>` */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const ref = typeof options.ref === 'string' ? gitRef(options.ref) : undefined;
  const bake = options.bake === 'detach' || options.bake === 'builder' ? options.bake : undefined;
  const strategy = options.strategy === 'rolling' || options.strategy === 'blue-green' ? options.strategy : undefined;
  const fleet = await fleetOf(context, app, options);
  const project = projectRules(fleet, options);
  assertNamedLedger(fleet);
  await assertOwnNames(fleet);
  return withServices(context, fleet, async (services) => {
    const irreversible = options.irreversible === true;
    const fromBase = options.fromBase === true;
    const noRollbackTarget = options.rollbackTarget === false;
    const around = await aroundOf(context, fleet, options);
    return release(context, services, options, {
      ref,
      bake,
      fromBase,
      strategy,
      irreversible,
      noRollbackTarget,
      project,
      around,
    });
  });
};

/** What of a dead run a release takes back first. A rollback's undo would lead to what somebody had a reason to leave. */
const dealing = {
  goal: 'release',
  takesBack: ['release', 'repair', 'refresh-secrets', 'scale', 'prune', 'pin', 'unpin'],
  refuses: ['fast-rollback'],
};

/** Releases, on a fleet that no dead run has left halfway. */
export async function release(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  request: ReleaseOptions,
): Promise<number> {
  const { fleet } = services;
  // Before a dead run is taken back: what is refused changes nothing.
  assertVariables(fleet);
  await takeBackDead(context, services, options, dealing);
  const after = (await findUnderWay(services.ledger, fleet.app))?.release?.version;
  const plan = await planRelease(services, context.clock, { ...request, after });
  return operate(context, options, {
    fleet,
    services,
    plan,
    confirm: `release ${plan.initial.version} of ${fleet.app} to ${fleet.environment}`,
    describe: servingFacts,
    // What served before cannot be launched.
    undoHint: (state) => (plan.initial.unlaunchable ? undefined : undoByRollback(fleet.app, state)),
  });
}
