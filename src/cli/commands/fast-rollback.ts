import { loadFleet } from '../../config/load.ts';
import { versionName } from '../../config/names.ts';
import { planRollback } from '../../operations/fast-rollback.ts';
import type { CommandModule } from '../command.ts';
import { projectDir } from '../context.ts';
import { operate } from '../operate.ts';
import { createServices } from '../services.ts';

/** `pipeline fast-rollback <app> [version]` */
export const run: CommandModule['run'] = async (context, [app = '', asked], options) => {
  const version = asked === undefined ? undefined : versionName(asked);
  const fleet = await loadFleet({ projectDir: projectDir(context, options), app, environment: options.env });
  const services = await createServices(context, fleet);
  try {
    const plan = await planRollback(services, context.clock, { version, force: options.force === true });
    return await operate(context, options, {
      fleet,
      services,
      plan,
      confirm: `go back to ${plan.initial.version} of ${app} in ${fleet.environment}`,
      describe: (state) => ({ version: state.version, previous: state.current.version, how: 'roll' }),
      undoHint: (state) =>
        state.current.version ? `pipeline fast-rollback ${app} ${state.current.version}` : undefined,
    });
  } finally {
    await services.close();
  }
};
