import type { ScaleServices } from '../fleet/scaling/state.ts';

/** The ports of the doctor. */
export interface DoctorServices extends ScaleServices {
  /** Capacity units that the load balancers of the region may reserve; undefined when there is no such limit. Rejects when it cannot be asked. */
  unitQuota?(): Promise<number | undefined>;
  /** Who these credentials are. */
  identity(): Promise<{ account: string; arn: string }>;
}
