import type { SecretState } from '../aws/secrets.ts';
import type { Services } from '../fleet/services.ts';

/** The secrets of a fleet as they can be seen from here; no value is read. */
export async function readSecrets({ fleet, secretStates }: Services): Promise<SecretState[]> {
  if (Object.keys(fleet.secrets).length === 0 || !secretStates) return [];
  return secretStates(fleet.secrets);
}
