import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { assertOwnNames } from '../../config/project.ts';
import { repairOperation } from '../../repair/operation.ts';
import { planRepair } from '../../repair/plan.ts';
import type { RepairState } from '../../repair/state.ts';
import type { CommandModule } from '../command.ts';
import { fleetOf } from '../fleets.ts';
import { runCommand } from '../run-command.ts';

/** `pipeline repair <app>`: removes what lost runs have left, and makes the image that the fleet launches one that can be launched. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleet = await fleetOf(context, app, options);
  const lostRun = typeof options.lostRun === 'string' ? options.lostRun : undefined;
  assertNamedLedger(fleet);
  await assertOwnNames(fleet);
  return withServices(context, fleet, (services) =>
    runCommand(context, options, {
      operation: repairOperation,
      services,
      plan: () => planRepair(services, context.clock, { lostRun }),
      question: ({ initial }) => question(initial, fleet),
    }),
  );
};

function question(
  { repair, version, leftovers = [] }: RepairState,
  { app, environment }: { app: string; environment: string },
) {
  const what = { nothing: 'check', enable: 'enable', rebake: 'bake again, from an instance that serves,' }[repair];
  const left = leftovers.filter((one) => one.restore).length;
  const image = `${what} the image of ${version} of ${app} in ${environment}`;
  if (left === 0) return image;
  const restore = `make ${left === 1 ? 'the change' : `the ${left} changes`} that ${left === 1 ? 'restores' : 'restore'} what a run has left of ${app} in ${environment}`;
  return repair === 'nothing' ? restore : `${restore}, and ${image}`;
}
