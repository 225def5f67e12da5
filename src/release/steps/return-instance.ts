import type { StepWith } from '../../fleet/services.ts';
import { returnBakeInstance } from '../return-to-service.ts';
import type { ReturnInstanceFacts } from '../state.ts';

/** Gives the bake instance back: what it was baked into has been validated. */
export const returnInstance: StepWith<ReturnInstanceFacts> = {
  id: 'return-instance',
  title: 'Return the instance to service',
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
  run: returnBakeInstance,
};
