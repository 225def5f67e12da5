import type { ReleaseStep } from './services.ts';
import { endChangedHost } from './support/outside.ts';
import { bringBack } from './support/return-host.ts';

/** Gives the bake host back once the image is proven, where it was detached before the first play. */
export const rejoin: ReleaseStep = {
  id: 'rejoin',
  title: 'Return the host to service',
  describe: ({ state }) =>
    state.strategy === 'blue-green'
      ? [
          `the host returns to service on ${state.current.version}`,
          'one that plays have changed beside the folder of the release is terminated instead',
        ]
      : [`the host returns to service as the first canary of ${state.version}`],
  async run(context) {
    const { strategy, changedOutside } = context.state;
    // The group that serves stays on its version, which this host no longer is.
    if (strategy === 'blue-green' && changedOutside) await endChangedHost(context);
    else await bringBack(context);
  },
};
