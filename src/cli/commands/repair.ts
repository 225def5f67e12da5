import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { assertOwnNames } from '../../config/project.ts';
import { planRepair } from '../../repair/plan.ts';
import type { RepairState } from '../../repair/state.ts';
import type { CommandModule } from '../command.ts';
import { fleetOf } from '../fleets.ts';
import { operate } from '../operate.ts';
import { takeBackDead } from '../take-back.ts';

/** What of a dead run a repair takes back first, as its host or its template may be in the way. */
const dealing = {
  goal: 'repair',
  takesBack: ['release', 'repair', 'refresh-secrets', 'prune', 'pin', 'unpin'],
  refuses: ['fast-rollback'],
};

/** `pipeline repair <app>`: makes the image that the fleet launches one that can be launched. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleet = await fleetOf(context, app, options);
  assertNamedLedger(fleet);
  await assertOwnNames(fleet);
  return withServices(context, fleet, async (services) => {
    await takeBackDead(context, services, options, dealing);
    const plan = await planRepair(services, context.clock);
    return operate(context, options, {
      fleet,
      services,
      plan,
      confirm: question(plan.initial, fleet),
      describe: ({ version, repair, broken, imageId = broken.imageId }) => ({ version, repair, imageId }),
      undoHint: () => undefined,
    });
  });
};

function question({ repair, version }: RepairState, { app, environment }: { app: string; environment: string }) {
  const what = { nothing: 'check', enable: 'enable', rebake: 'make anew, from a host that serves,' }[repair];
  return `${what} the image of ${version} of ${app} in ${environment}`;
}
