import type { ScheduledUpdateGroupActionRequest } from '@aws-sdk/client-auto-scaling';
import { isTimeZone, parseCron } from '@golden-pipeline/shared/cron';
import type { ScheduledActionRecord } from '../../model.ts';
import { validationError } from '../errors.ts';
import { checkSizes } from '../group-settings.ts';
import { runAfter } from './run.ts';

/**
 * A scheduled action from a request. One that exists keeps what the request does not name.
 * @throws CloudError for what AWS refuses: a time in the past, a schedule that is none, no size at all
 */
export function readScheduledAction(
  request: ScheduledUpdateGroupActionRequest,
  before: ScheduledActionRecord | undefined,
  now: number,
): ScheduledActionRecord {
  if (!request.ScheduledActionName) throw validationError('ScheduledActionName is required.');
  const { StartTime, EndTime } = request;
  if (StartTime && StartTime.getTime() <= now) throw validationError('Given start time is in the past');
  if (EndTime && EndTime.getTime() <= now) throw validationError('Given end time is in the past');
  const given = {
    startTime: StartTime?.getTime(),
    endTime: EndTime?.getTime(),
    recurrence: request.Recurrence || undefined,
    timeZone: request.TimeZone || undefined,
    minSize: request.MinSize,
    maxSize: request.MaxSize,
    desiredCapacity: request.DesiredCapacity,
  };
  const action = {
    ...before,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    name: request.ScheduledActionName,
  } as Omit<ScheduledActionRecord, 'nextRun'>;
  check(action);
  const nextRun = runAfter(action, now);
  if (nextRun === undefined) {
    throw validationError(
      `The scheduled action ${action.name} would never run: ${action.recurrence ?? 'it has no time'}${action.endTime === undefined ? '' : ' has no time before its end'}.`,
    );
  }
  return { ...action, nextRun };
}

function check(action: Omit<ScheduledActionRecord, 'nextRun'>): void {
  const { startTime, endTime, recurrence, timeZone, minSize, maxSize, desiredCapacity } = action;
  if (startTime === undefined && recurrence === undefined) {
    throw validationError('Either StartTime or Recurrence must be specified.');
  }
  if (recurrence !== undefined && !parseCron(recurrence)) {
    throw validationError(`Given recurrence string: ${recurrence} is invalid`);
  }
  if (timeZone !== undefined && recurrence === undefined) {
    throw validationError('TimeZone can only be specified together with Recurrence.');
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) throw validationError(`Given time zone: ${timeZone} is invalid`);
  if (endTime !== undefined && startTime !== undefined && endTime <= startTime) {
    throw validationError('EndTime must be after StartTime.');
  }
  if (minSize === undefined && maxSize === undefined && desiredCapacity === undefined) {
    throw validationError('At least one of MinSize, MaxSize and DesiredCapacity must be specified.');
  }
  for (const [name, value] of Object.entries({
    MinSize: minSize,
    MaxSize: maxSize,
    DesiredCapacity: desiredCapacity,
  })) {
    if (value !== undefined && value < 0) throw validationError(`${name} must not be negative, but is ${value}.`);
  }
  if (minSize !== undefined && maxSize !== undefined) checkSizes(minSize, maxSize);
  if (desiredCapacity !== undefined && desiredCapacity < (minSize ?? 0)) {
    throw validationError(`Desired capacity:${desiredCapacity} must not be below min size:${minSize}`);
  }
  if (desiredCapacity !== undefined && maxSize !== undefined && desiredCapacity > maxSize) {
    throw validationError(`Desired capacity:${desiredCapacity} must not be above max size:${maxSize}`);
  }
}
