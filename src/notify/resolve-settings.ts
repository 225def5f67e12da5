import { messageOf } from '@golden-pipeline/shared/errors';
import type { NotifyTarget } from '../config/schema/notify.ts';
import { describeReference, isTokenReference } from '../config/secrets.ts';
import { DeliveryError } from './delivery-error.ts';

/** Reads the value of a reference, at the time it is needed. @throws when this computer cannot read it */
export type ReadReference = (reference: string) => Promise<string>;

/**
 * The settings of a target with values in place of references, and those values, which must not be shown.
 * @throws DeliveryError `unavailable` when a value cannot be read here
 */
export async function resolveSettings(
  settings: NotifyTarget,
  read: ReadReference,
): Promise<{ settings: NotifyTarget; secrets: string[] }> {
  const secrets: string[] = [];
  const entries = await Promise.all(
    Object.entries(settings).map(async ([key, value]) => {
      if (typeof value !== 'string' || !isTokenReference(value)) return [key, value];
      const secret = await readValue(value, read);
      secrets.push(secret);
      return [key, secret];
    }),
  );
  return { settings: Object.fromEntries(entries) as NotifyTarget, secrets };
}

async function readValue(reference: string, read: ReadReference): Promise<string> {
  let value: string;
  try {
    value = (await read(reference)).trim();
  } catch (error) {
    throw new DeliveryError('unavailable', messageOf(error));
  }
  if (value === '') throw new DeliveryError('unavailable', `${describeReference(reference)} is empty`);
  // It goes into a header.
  if (/[\p{Cc}\s]/u.test(value)) {
    throw new DeliveryError('unavailable', `${describeReference(reference)} has a space or a line end in it`);
  }
  return value;
}
