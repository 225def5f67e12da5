import { CloudError } from '../wire/handler.ts';
import { brokenConstraint, refusals } from '../wire/refusals.ts';

/** Wire codes are those of the SDK's `awsQueryError` traits; the wording is AWS's. */
export const validationError = refusals('ValidationError');
export const activityInProgress = refusals('ScalingActivityInProgress');
export const irreversibleRefresh = refusals('IrreversibleInstanceRefresh');
/** 500 on the wire, as for every conflict of two changes of one group. */
export const resourceContention = refusals('ResourceContention', 500);
export const alreadyExists = refusals('AlreadyExists');
export const limitExceeded = refusals('LimitExceeded');
export const resourceInUse = refusals('ResourceInUse');

/**
 * A value that does not fit its shape, as AWS's front door words it.
 * @param path the member's name as in the messages, e.g. `preferences.standbyInstances`
 * @param constraint goes on after "Member must"
 */
export function constraintError(path: string, value: string | number, constraint: string): CloudError {
  return validationError(brokenConstraint(path, value, `Member must ${constraint}`));
}

export function groupNotFound(name: string): CloudError {
  return validationError(`AutoScalingGroup name not found - AutoScalingGroup: ${name} not found`);
}

export function groupExists(name: string): CloudError {
  return alreadyExists(`AutoScalingGroup by this name already exists - A group with the name ${name} already exists`);
}

export function notInGroup(instanceId: string, groupName: string): CloudError {
  return validationError(`The instance ${instanceId} is not part of Auto Scaling group ${groupName}.`);
}

export function groupHasInstances(): CloudError {
  return resourceInUse(
    'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
  );
}

export function pendingDelete(): CloudError {
  return validationError('The AutoScaling group may not be modified while it is pending delete');
}

export function coolingDown(group: { name: string }): CloudError {
  return activityInProgress(
    `Scaling activity in progress: the group ${group.name} is cooling down after its last scaling activity.`,
  );
}

export function refreshInProgress(): CloudError {
  return new CloudError(
    'InstanceRefreshInProgress',
    'An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.',
  );
}

export function noActiveRefresh(groupName: string): CloudError {
  return new CloudError(
    'ActiveInstanceRefreshNotFound',
    `No in progress or pending Instance Refresh found for Auto Scaling group ${groupName}`,
  );
}

export function idempotencyMismatch(token: string): CloudError {
  return new CloudError(
    'IdempotentParameterMismatch',
    `The client token ${token} was used before with other parameters.`,
  );
}
