import type { Step } from '../../engine/step.ts';
import type { Services } from '../../fleet/services.ts';
import { validate } from '../../release/steps/validate.ts';
import type { ScaleState } from '../state.ts';

/** That the image which serves now still boots: everything else depends on it. */
export const validateCurrentImage: Step<Services, ScaleState> = {
  ...validate,
  title: 'Validate that the current image boots',
  skip: async ({ state: { scale } }) => (scale.to > scale.was.desired ? undefined : 'the fleet does not grow'),
};
