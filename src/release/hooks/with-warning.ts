import { messageOf } from '@golden-pipeline/shared/errors';
import type { ReleaseStep } from '../state.ts';

/** A step whose failure is a warning: the release has been verified, and stays. An interruption stops it as any other step. */
export function withWarning(step: ReleaseStep): ReleaseStep {
  return {
    ...step,
    async run(context) {
      try {
        await step.run(context);
      } catch (error) {
        if (context.signal.aborted) throw error;
        const warning = `${step.title}: ${messageOf(error)}`;
        context.note(`warning: ${warning}`);
        await context.save({ warnings: [...(context.state.warnings ?? []), warning] });
      }
    },
  };
}
