import type { GroupRecord } from '../../model.ts';
import { validationError } from '../errors.ts';

/** Instance ids of a request, within AWS's batch limit. */
export function checkBatch(instanceIds: string[] | undefined, limit: number): string[] {
  const ids = [...new Set(instanceIds ?? [])];
  if (ids.length === 0) throw validationError('At least one instance ID must be specified.');
  if (ids.length > limit) {
    throw validationError(`The number of instance ids ${ids.length} exceeds the limit of ${limit} for this operation.`);
  }
  return ids;
}

/** The opening of AWS's refusals about sizes. */
export function sizes(group: GroupRecord): string {
  return `AutoScalingGroup ${group.name} has min-size=${group.minSize}, max-size=${group.maxSize}, and desired-size=${group.desiredCapacity}.`;
}

/** Lowers the desired capacity by `count`, which the minimum size must allow. */
export function lowerDesired(group: GroupRecord, count: number, verb: string): void {
  if (group.desiredCapacity - count < group.minSize) {
    throw validationError(
      `${sizes(group)} To ${verb} ${count} instance${count === 1 ? '' : 's'}, please update the AutoScalingGroup sizes appropriately.`,
    );
  }
  group.desiredCapacity -= count;
}

/** The end of a cause: how this, the `index`th of the call, changed the capacity. */
export function capacityChange(from: number, index: number, decrement: boolean | undefined): string {
  return decrement ? `, shrinking the capacity from ${from - index} to ${from - index - 1}` : '';
}
