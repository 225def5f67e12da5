import { isId } from '../../ids.ts';
import type { CloudState, InstanceRecord } from '../../model.ts';
import { CloudError } from '../../wire/handler.ts';
import { doNotExist, required } from '../errors.ts';

/**
 * The instances that a request names, each once, in its order.
 * @throws CloudError `InvalidInstanceID.Malformed`, or `InvalidInstanceID.NotFound` naming all that are unknown.
 */
export function findInstances(state: CloudState, ids: string[] | undefined): InstanceRecord[] {
  const asked = [...new Set(required(ids, 'InstanceId'))];
  const malformed = asked.find((id) => !isId('i', id));
  if (malformed !== undefined) throw new CloudError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  const unknown = asked.filter((id) => !state.instances[id]);
  if (unknown.length > 0) throw new CloudError('InvalidInstanceID.NotFound', doNotExist('instance', unknown));
  return asked.flatMap((id) => state.instances[id] ?? []);
}

/** One instance; see {@link findInstances}. */
export function findInstance(state: CloudState, id: string | undefined): InstanceRecord {
  const [found] = findInstances(state, [required(id, 'InstanceId')]);
  if (!found) throw new CloudError('InvalidInstanceID.NotFound', doNotExist('instance', [String(id)]));
  return found;
}
