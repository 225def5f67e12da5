import { loadFleet } from '../../config/load.ts';
import { gitRef } from '../../config/names.ts';
import { planRelease } from '../../operations/release.ts';
import type { CommandModule } from '../command.ts';
import { projectDir } from '../context.ts';
import { operate } from '../operate.ts';
import { createServices } from '../services.ts';

/** `pipeline release <app>` */
export const run: CommandModule['run'] = async (context, [app = ''], options) => {
  const ref = gitRef(typeof options.ref === 'string' ? options.ref : 'HEAD');
  const fleet = await loadFleet({ projectDir: projectDir(context, options), app, environment: options.env });
  const services = await createServices(context, fleet);
  try {
    const bake = options.bake === 'detach' || options.bake === 'builder' ? options.bake : undefined;
    const plan = await planRelease(services, context.clock, { ref, bake });
    return await operate(context, options, {
      fleet,
      services,
      plan,
      confirm: `release ${plan.initial.version} of ${app} to ${fleet.environment}`,
      describe: (state) => ({ version: state.version, previous: state.current.version, how: 'roll' }),
      undoHint: (state) =>
        state.current.version ? `pipeline fast-rollback ${app} ${state.current.version}` : undefined,
    });
  } finally {
    await services.close();
  }
};
