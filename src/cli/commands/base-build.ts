import { usageError } from '@golden-pipeline/shared/errors';
import { buildBase } from '../../base-image/build.ts';
import { withServices } from '../../composition/with-services.ts';
import { awsCommand } from '../../config/aws-command.ts';
import type { Fleet } from '../../config/settings.ts';
import { Interrupted, type StopSignal, stopSignals } from '../../engine/interrupt.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf, fleetsOf } from '../fleets.ts';
import { writeJson } from '../views/json.ts';
import { duration, printable } from '../views/text.ts';
import { projectRules } from './support/project-rules.ts';

/** `pipeline base build [app]`: Packer's own output is the progress. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleet = app === undefined ? await commonFleet(context, options) : await fleetOf(context, app, options);
  const project = projectRules(fleet, options);
  const stop = new AbortController();
  // Packer is always left to clean up, so a second signal changes nothing.
  const listeners = stopSignals.map((signal): [StopSignal, () => void] => [
    signal,
    () => stop.abort(new Interrupted(signal, 'interrupted; Packer has cleaned up')),
  ]);
  for (const [signal, listener] of listeners) context.signals.on(signal, listener);
  try {
    const built = await withServices(context, fleet, (services) =>
      buildBase(services, context.clock, {
        onLine: (line) => context.stderr.write(`${printable(line)}\n`),
        signal: stop.signal,
        project,
      }),
    );
    if (options.json) writeJson(context.stdout, built);
    else {
      const { imageId, name, source, projectCommit, seconds } = built;
      context.stdout.write(
        `${imageId} ${name}, built on ${source} from commit ${projectCommit.slice(0, 12)} of the project in ${duration(seconds)}\nunder a fleet that serves: pipeline release ${app ?? '<app>'} --from-base\nto be rid of it: ${awsCommand(fleet, `ec2 deregister-image --image-id ${imageId} --delete-associated-snapshots`)}\n`,
      );
    }
    return exitCodes.done;
  } finally {
    for (const [signal, listener] of listeners) context.signals.off(signal, listener);
  }
};

/** Any fleet will do when all of them agree on what a build needs. */
async function commonFleet(context: CliContext, options: CommandOptions): Promise<Fleet> {
  const fleets = await fleetsOf(context, options);
  const [first] = fleets;
  if (!first) throw usageError('base.no-app', 'pipelines/ has no app yet', 'pipeline init');
  const needs = ({ cloud, region, instance, ssh }: Fleet) =>
    JSON.stringify([cloud, region, instance.baseImage, instance.baseSource, instance.subnetIds, ssh]);
  if (fleets.every((fleet) => needs(fleet) === needs(first))) return first;
  throw usageError(
    'base.which',
    `the apps have different regions, networks or logins: ${fleets.map((fleet) => fleet.app).join(', ')}`,
    `name one of them: pipeline base build ${first.app}`,
  );
}
