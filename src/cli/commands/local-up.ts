import { usageError } from '@golden-pipeline/shared/errors';
import { readCloud, spawnCloud } from 'golden-pipeline-local-cloud/client';
import { localCloudDir } from '../../composition/surroundings.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { provisionProject } from '../../provision/provision-project.ts';
import type { CommandModule } from '../command.ts';
import { commandLine } from '../command-line.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { choice, flag, negated, parsed, parseOptions } from '../options.ts';
import { writeJson } from '../views/json.ts';
import { renderConfiguration, renderLocalCloud } from '../views/local.ts';
import { colorsFor, printable } from '../views/text.ts';

/** `pipeline local up`: starts the cloud when it is down, makes the fleets that are missing, and applies what has changed in pipelines/. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const {
    port,
    fleets: noFleets,
    delays,
    driver,
    overwrite,
  } = parseOptions(options, {
    port: parsed(readPort),
    fleets: negated,
    delays: choice('quick', 'aws'),
    driver: choice('sandbox', 'simulated'),
    overwrite: flag,
  });
  // Without fleets no project is needed, if the state's folder is named.
  const project = !noFleets ? projectDir(context, options) : undefined;
  const dir = localCloudDir(context, () => project ?? projectDir(context, options));
  const note = (message: string) => void context.stderr.write(`${printable(message)}\n`);

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
      ...(delays && { delays }),
      ...(driver && { driver }),
    }));
  const asked = delays !== undefined || driver !== undefined;
  const already = `the local cloud is running already${asked ? ', with the delays and the driver it was started with' : ''}`;
  note(running ? already : 'the local cloud has started');

  const { loadBalancers, configuration } =
    project === undefined
      ? { loadBalancers: [], configuration: [] }
      : await provisionIn(context, { projectDir: project, cloud, note, overwrite });
  const { endpoint, region, accessKeyId, secretAccessKey } = cloud;
  const document = { endpoint, region, accessKeyId, secretAccessKey, loadBalancers, configuration };
  if (options.json) writeJson(context.stdout, document);
  else context.stdout.write(renderLocalCloud(document, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};

async function provisionIn(
  context: CliContext,
  request: Pick<Parameters<typeof provisionProject>[1], 'projectDir' | 'cloud' | 'note' | 'overwrite'>,
) {
  // The SDK's clients cost some 400 ms to load: not before they are needed.
  const { provisionProject: provision } = await import('../../provision/provision-project.ts');
  return provision(context, { ...request, command: commandLine(context.argv), describe: renderConfiguration });
}

function readPort(given: string): number {
  const port = Number(given);
  if (/^\d+$/.test(given) && port >= 1 && port <= 65_535) return port;
  throw usageError('usage.port', `--port ${JSON.stringify(given)} is not a port`, 'a number from 1 to 65535');
}
