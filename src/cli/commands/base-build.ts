import { buildBase } from '../../base-image/build.ts';
import { commonFleet } from '../../base-image/common-fleet.ts';
import { withServices } from '../../composition/with-services.ts';
import { awsCommand } from '../../config/aws-command.ts';
import { Interrupted, type StopSignal, stopSignals } from '../../engine/interrupt.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf, fleetsOf } from '../fleets.ts';
import { flag, parseOptions } from '../options.ts';
import { writeJson } from '../views/json.ts';
import { duration, printable } from '../views/text.ts';
import { projectRules } from './support/project-rules.ts';

/** `pipeline base build [app]`: Packer's own output is the progress. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleet =
    app === undefined ? commonFleet(await fleetsOf(context, options)) : await fleetOf(context, app, options);
  const project = projectRules(fleet, parseOptions(options, { allowDirty: flag }).allowDirty);
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
        `${imageId} ${name}, built on ${source} from commit ${projectCommit.slice(0, 12)} of the project in ${duration(seconds)}\nunder a fleet that serves: pipeline release ${app ?? '<app>'} --from-base\nto delete it: ${awsCommand(fleet, `ec2 deregister-image --image-id ${imageId} --delete-associated-snapshots`)}\n`,
      );
    }
    return exitCodes.done;
  } finally {
    for (const [signal, listener] of listeners) context.signals.off(signal, listener);
  }
};
