import { usageError } from '@golden-pipeline/shared/errors';
import { readCloud, spawnCloud } from 'golden-pipeline-local-cloud/client';
import { localCloudDir } from '../../composition/surroundings.ts';
import { withServices } from '../../composition/with-services.ts';
import type { ConfigurationOutcome } from '../../provision/configure-fleet.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, projectDir, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { commandLine } from '../operate.ts';
import { writeJson } from '../views/json.ts';
import { type LocalCloudDocument, renderConfiguration, renderLocalCloud } from '../views/local.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline local up`: starts the cloud when it is down, makes the fleets that are missing, and applies what has changed in pipelines/. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const port = readPort(options);
  // Without fleets no project is needed, if the state's folder is named.
  const withFleets = options.fleets !== false;
  const project = withFleets ? projectDir(context, options) : undefined;
  const dir = localCloudDir(context, () => project ?? projectDir(context, options));
  const note = (message: string) => void context.stderr.write(`${message}\n`);

  const running = readCloud(dir);
  if (running && port !== undefined && new URL(running.endpoint).port !== String(port)) {
    throw usageError(
      'local.other-port',
      `the local cloud is running already, at ${running.endpoint}`,
      'stop it first (pipeline local down), or leave --port out',
    );
  }
  const cloud =
    running ??
    (await spawnCloud({
      dir,
      port,
      ...(options.delays !== undefined && { delays: options.delays === 'aws' ? 'aws' : 'quick' }),
      ...(options.driver !== undefined && { driver: options.driver === 'simulated' ? 'simulated' : 'sandbox' }),
    }));
  const asked = options.delays !== undefined || options.driver !== undefined;
  const already = `the local cloud is running already${asked ? ', with the delays and the driver it was started with' : ''}`;
  note(running ? already : 'the local cloud has started');

  const { loadBalancers, configuration } =
    project === undefined
      ? { loadBalancers: [], configuration: [] }
      : await provision(context, options, project, cloud);
  const { endpoint, region, accessKeyId, secretAccessKey } = cloud;
  const document = { endpoint, region, accessKeyId, secretAccessKey, loadBalancers, configuration };
  if (options.json) writeJson(context.stdout, document);
  else context.stdout.write(renderLocalCloud(document, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};

async function provision(
  context: CliContext,
  options: CommandOptions,
  project: string,
  cloud: Parameters<typeof import('../../provision/fleets.ts').provisionFleets>[0]['cloud'],
): Promise<Pick<LocalCloudDocument, 'loadBalancers' | 'configuration'>> {
  // The SDK's clients cost some 400 ms to load: not before they are needed.
  const [{ provisionFleets }, { configureFleet }] = await Promise.all([
    import('../../provision/fleets.ts'),
    import('../../provision/configure-fleet.ts'),
  ]);
  const note = (message: string) => void context.stderr.write(`${message}\n`);
  const configuration: ConfigurationOutcome[] = [];
  // The cloud that was started here, whatever another endpoint in the environment is for.
  const here = { ...context, env: { ...context.env, AWS_ENDPOINT_URL: undefined } };
  const loadBalancers = await provisionFleets({
    projectDir: project,
    cloud,
    note,
    configure: async (fleet, make) => {
      const outcome = await withServices(here, fleet, (services) =>
        configureFleet(services, {
          clock: context.clock,
          command: commandLine(context.argv),
          overwrite: options.overwrite === true,
          make,
        }),
      );
      for (const line of renderConfiguration(outcome)) note(line);
      configuration.push(outcome);
    },
  });
  return {
    loadBalancers,
    configuration: configuration.filter(({ applied, open }) => applied.length + open.length > 0),
  };
}

function readPort(options: CommandOptions): number | undefined {
  if (options.port === undefined) return undefined;
  const port = Number(options.port);
  if (/^\d+$/.test(String(options.port)) && port >= 1 && port <= 65_535) return port;
  throw usageError('usage.port', `--port ${JSON.stringify(options.port)} is no port`, 'a number from 1 to 65535');
}
