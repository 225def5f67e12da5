import type { ScaleServices } from '../../steps/scale/state.ts';

/** The ports of the doctor. */
export interface DoctorServices extends ScaleServices {
  /** Who these credentials are. */
  identity(): Promise<{ account: string; arn: string }>;
}
