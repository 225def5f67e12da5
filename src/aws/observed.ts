import { PipelineError } from '@golden-pipeline/shared/errors';

/** The parts of an SDK error that tell how a call has ended. */
interface SdkFailure {
  $metadata?: { httpStatusCode?: number; attempts?: number };
}

/**
 * True for an end of a call that does not tell whether the change was made: no answer came, the service failed by itself, or a repeated
 * attempt was refused, which the first one may have caused.
 */
export function isAmbiguous(error: unknown): boolean {
  const raw = error instanceof PipelineError ? error.cause : error;
  if (!(raw instanceof Error)) return false;
  const { httpStatusCode, attempts = 1 } = (raw as SdkFailure).$metadata ?? {};
  return httpStatusCode === undefined || httpStatusCode >= 500 || attempts > 1;
}

/**
 * Sends a change. Where its end is ambiguous the cloud is read, and what is seen decides: an answer that was lost is not a failure.
 * @param observe Resolves with the answer of a change that is in effect, undefined where it is not.
 * @throws the error of the change when it is certain, or when the change is not in effect or cannot be observed
 */
export async function observed<T>(send: () => Promise<T>, observe: () => Promise<T | undefined>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!isAmbiguous(error)) throw error;
    // The failure to read says less than the failure of the change.
    const seen = await observe().catch(() => undefined);
    if (seen === undefined) throw error;
    return seen;
  }
}

/** {@link observed} for a change without an answer. @param isInEffect Whether the cloud is as the change would have it. */
export async function observedChange(send: () => Promise<unknown>, isInEffect: () => Promise<boolean>): Promise<void> {
  await observed<true>(
    async () => {
      await send();
      return true;
    },
    async () => ((await isInEffect()) ? true : undefined),
  );
}
