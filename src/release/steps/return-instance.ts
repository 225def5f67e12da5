import type { ReleaseStep } from '../../fleet/services.ts';
import { giveToService } from './bake.ts';

/** Gives the bake host back once the image is proven, where it was detached before the first play. */
export const rejoin: ReleaseStep = {
  id: 'rejoin',
  title: 'Return the host to service',
  describe: ({ state }) => [
    ...(state.strategy === 'blue-green'
      ? [
          `the host returns to service on ${state.current.version}`,
          'one that plays have changed beside the folder of the release is terminated instead',
        ]
      : [`the host returns to service as the first canary of ${state.version}`]),
    ...(state.loses && 'lines' in state.loses && state.loses.lines.length === 0
      ? []
      : ['unless it was terminated after the image']),
  ],
  run: giveToService,
};
