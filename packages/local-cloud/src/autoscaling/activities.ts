import { randomUUID } from 'node:crypto';
import type { CloudContext } from '../context.ts';
import type { ActivityRecord, InstanceRecord } from '../model.ts';

/** How many activities the cloud remembers in all; AWS keeps six weeks. */
const MAX_ACTIVITIES = 2_000;

/** Keys as AWS writes them. */
function detailsOf(instance: InstanceRecord | undefined): Record<string, string> | undefined {
  return instance && { 'Subnet ID': instance.subnetId, 'Availability Zone': instance.availabilityZone };
}

/** The log of scaling activities, newest last. */
export class ActivityLog {
  readonly #context: CloudContext;

  constructor(context: CloudContext) {
    this.#context = context;
  }

  /** @param instanceId the instance it is about, for its details */
  begin(
    groupName: string,
    description: string,
    cause: string,
    statusCode: ActivityRecord['statusCode'] = 'InProgress',
    instanceId?: string,
  ): ActivityRecord {
    const { state, clock } = this.#context;
    const activity: ActivityRecord = {
      id: randomUUID(),
      groupName,
      description,
      cause,
      startTime: clock.now(),
      statusCode,
      progress: statusCode === 'InProgress' ? 50 : 30,
      details: detailsOf(state.instances[instanceId ?? '']),
    };
    state.activities.push(activity);
    if (state.activities.length > MAX_ACTIVITIES) state.activities.splice(0, state.activities.length - MAX_ACTIVITIES);
    return activity;
  }

  advance(id: string | undefined, statusCode: ActivityRecord['statusCode'], progress: number): void {
    const activity = this.#find(id);
    if (activity && activity.endTime === undefined) Object.assign(activity, { statusCode, progress });
  }

  finish(id: string | undefined): void {
    this.#end(id, 'Successful');
  }

  /** @param message What AWS shows as StatusMessage and after `Status Reason:`. */
  fail(id: string | undefined, message: string): void {
    const activity = this.#end(id, 'Failed');
    if (!activity) return;
    activity.statusMessage = message;
    activity.description = `${activity.description}.  Status Reason: ${message}`;
  }

  cancel(id: string | undefined, message: string): void {
    const activity = this.#end(id, 'Cancelled');
    if (activity) activity.statusMessage = message;
  }

  #end(id: string | undefined, statusCode: ActivityRecord['statusCode']): ActivityRecord | undefined {
    const activity = this.#find(id);
    if (!activity || activity.endTime !== undefined) return undefined;
    return Object.assign(activity, { statusCode, progress: 100, endTime: this.#context.clock.now() });
  }

  #find(id: string | undefined): ActivityRecord | undefined {
    if (id === undefined) return undefined;
    // Open activities are young: look from the end.
    return this.#context.state.activities.findLast((a) => a.id === id);
  }
}
