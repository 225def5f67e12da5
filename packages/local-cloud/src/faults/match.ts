import type { CloudState, ImageRecord, InstanceRecord } from '../model.ts';
import { wildcardMatcher } from '../wildcards.ts';
import type { FaultRequest } from './rule.ts';

/** Whether `name` fits a pattern in which `*` stands for any characters and `?` for one. Capitals do not matter. */
export function matchesName(pattern: string, name: string): boolean {
  return wildcardMatcher(pattern.toLowerCase())(name.toLowerCase());
}

/** A call as rules see it. */
export interface CallFacts {
  service: string;
  operation: string;
  region: string;
}

export function fitsCall(rule: FaultRequest, call: CallFacts): boolean {
  if (rule.service !== undefined && rule.service !== call.service) return false;
  if (rule.region !== undefined && rule.region !== call.region) return false;
  return rule.operation === undefined || matchesName(rule.operation, call.operation);
}

/** Records by region, as far as faults look at them. */
export interface Records {
  /** Undefined for a name that is not a region. */
  state(region: string): CloudState | undefined;
  states(): Iterable<CloudState>;
}

/** An instance of any region. */
export function findRecord(records: Records, instanceId: string): InstanceRecord | undefined {
  for (const { instances } of records.states()) if (instances[instanceId]) return instances[instanceId];
  return undefined;
}

/** Whether a rule means this machine; zone, image and group are read from the instance's record. */
export function fitsMachine(rule: FaultRequest, records: Records, instanceId: string): boolean {
  if (rule.instance !== undefined && rule.instance !== instanceId) return false;
  const record = findRecord(records, instanceId);
  if (rule.zone !== undefined && rule.zone !== record?.availabilityZone) return false;
  if (rule.image !== undefined && rule.image !== record?.imageId) return false;
  return rule.group === undefined || rule.group === record?.tags['aws:autoscaling:groupName'];
}

/**
 * Whether a rule means this image, which begins to be made in the region: the machine that it is made of, or for a copy, which no
 * machine has to do with, the image that it is made from.
 */
export function fitsBake(rule: FaultRequest, records: Records, image: ImageRecord, region: string): boolean {
  if (rule.region !== undefined && rule.region !== region) return false;
  if (!image.source) return fitsMachine(rule, records, image.sourceInstanceId ?? '');
  const ofMachines = rule.instance !== undefined || rule.zone !== undefined || rule.group !== undefined;
  return !ofMachines && (rule.image === undefined || rule.image === image.source.imageId);
}
