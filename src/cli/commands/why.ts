import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { gitRef } from '../../config/names.ts';
import { assertOwnNames } from '../../config/project.ts';
import { releaseOperation } from '../../release/operation.ts';
import { assertVariables, planRelease } from '../../release/plan.ts';
import { assertFleetAcceptsRelease } from '../../release/refusals.ts';
import { findObstacles } from '../../runner/obstacles.ts';
import { readHooks } from '../../runner/project-tasks.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { parsed, parseOptions } from '../options.ts';
import { runnerContext } from '../runner-context.ts';
import { tasksOf } from '../tasks.ts';
import { writeJson } from '../views/json.ts';
import { renderObstacles } from '../views/obstacles.ts';
import { colorsFor } from '../views/text.ts';
import { projectRules } from './support/project-rules.ts';

/** `pipeline why <app>`: what would stop a release now, and until when. Exits with 1 when something would. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const { ref } = parseOptions(options, { ref: parsed(gitRef) });
  const fleet = await fleetOf(context, app, options);
  const { obstacles, first } = await withServices(context, fleet, (services) =>
    findObstacles(runnerContext(context, options, fleet), services, releaseOperation, async () => {
      assertNamedLedger(fleet);
      assertVariables(fleet);
      await assertOwnNames(fleet);
      const hooks = await readHooks(fleet.release, () => tasksOf(context, fleet.app, options));
      const plan = await planRelease(services, context.clock, { ref, hooks, project: projectRules(fleet, false) });
      await assertFleetAcceptsRelease(services, plan.initial);
    }),
  );
  const { app: name, environment } = fleet;
  if (options.json) writeJson(context.stdout, { app: name, environment, obstacles, first });
  else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    context.stdout.write(renderObstacles(fleet, { obstacles, first }, colors));
  }
  return obstacles.length > 0 ? exitCodes.failed : exitCodes.done;
};
