import { readImages } from '../../operations/read-images.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { renderImages } from '../views/images.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';
import { withServices } from '../with-services.ts';

/** `pipeline images <app>`: its golden images and which of them is in use. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleet = await fleetOf(context, app, options);
  const images = await withServices(context, fleet, readImages);
  if (options.json) writeJson(context.stdout, images);
  else context.stdout.write(renderImages(fleet, images, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};
