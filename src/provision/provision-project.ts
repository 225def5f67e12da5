import type { Surroundings } from '../composition/surroundings.ts';
import { withServices } from '../composition/with-services.ts';
import { type ConfigurationOutcome, configureFleet } from './configure-fleet.ts';
import { provisionFleets } from './fleets.ts';

type Provisioned = Awaited<ReturnType<typeof provisionFleets>>;

/** Makes the fleets of a project that are missing in a local cloud, and applies what has changed in its pipelines files. */
export async function provisionProject(
  context: Surroundings,
  {
    projectDir,
    cloud,
    command,
    overwrite,
    note,
    describe,
  }: Pick<Parameters<typeof provisionFleets>[0], 'projectDir' | 'cloud' | 'note'> & {
    /** For the locks. */
    command: string;
    /** Also what was changed in the cloud by other means. */
    overwrite: boolean;
    /** Lines that say what was applied to a fleet. */
    describe(outcome: ConfigurationOutcome): string[];
  },
): Promise<{ loadBalancers: Provisioned; configuration: ConfigurationOutcome[] }> {
  const configuration: ConfigurationOutcome[] = [];
  // The cloud that was started here, whatever another endpoint in the environment is for.
  const here = { ...context, env: { ...context.env, AWS_ENDPOINT_URL: undefined } };
  const loadBalancers = await provisionFleets({
    projectDir,
    cloud,
    note,
    configure: async (fleet, make) => {
      const outcome = await withServices(here, fleet, (services) =>
        configureFleet(services, { clock: context.clock, command, overwrite, make }),
      );
      for (const line of describe(outcome)) note(line);
      configuration.push(outcome);
    },
  });
  return {
    loadBalancers,
    configuration: configuration.filter(({ applied, open }) => applied.length + open.length > 0),
  };
}
