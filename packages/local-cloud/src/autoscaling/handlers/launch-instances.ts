import { createHash } from 'node:crypto';
import type { LaunchInstancesRequest, LaunchInstancesResult } from '@aws-sdk/client-auto-scaling';
import type { GroupRecord } from '../../model.ts';
import { type CallContext, CloudError, type HandlerTable } from '../../wire/handler.ts';
import { idempotencyMismatch, pendingDelete, validationError } from '../errors.ts';
import { activeRefresh, isSuspended, launchSource, requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { type Place, placesOf } from '../placement.ts';
import { sizes } from './capacity-change.ts';

/** Instances of one call (LaunchInstancesRequest in the SDK's typings). */
const MAX_INSTANCES = 100;
/** How long a token is remembered, in milliseconds. */
const TOKEN_LIFE_MS = 8 * 3_600_000;

/** LaunchInstances: at once, in one zone or subnet, and the answer says what came of it. */
export function launchInstancesHandlers(ops: Operations): HandlerTable {
  const { state, clock, region } = ops.context;
  return {
    LaunchInstances(request: LaunchInstancesRequest, call: CallContext): LaunchInstancesResult {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const count = request.RequestedCapacity ?? 0;
      if (count < 1 || count > MAX_INSTANCES) {
        throw validationError(`RequestedCapacity must be between 1 and ${MAX_INSTANCES}, but is ${count}.`);
      }
      const retry = request.RetryStrategy ?? 'none';
      if (retry !== 'none' && retry !== 'retry-with-group-configuration') {
        throw validationError(`Invalid RetryStrategy: ${retry}`);
      }
      const token = request.ClientToken;
      const { ClientToken: _token, ...rest } = request;
      const digest = createHash('sha256')
        .update(JSON.stringify(rest, Object.keys(rest).sort()))
        .digest('hex');
      forgetTokens(group, clock.now());
      const known = token ? group.launchTokens?.[token] : undefined;
      if (known && known.digest !== digest) throw idempotencyMismatch(token ?? '');
      if (known) return { ...known.answer, ClientToken: token };
      if (group.deleting) throw pendingDelete();
      if (isSuspended(group, 'Launch'))
        throw validationError(`The Launch process of group ${group.name} is suspended.`);
      const place = choosePlace(ops, group, request);
      if (group.desiredCapacity + count > group.maxSize) {
        throw validationError(
          `${sizes(group)} To launch ${count} instance(s), please update the AutoScalingGroup sizes appropriately.`,
        );
      }
      const answer = launch(ops, group, place, { count, retries: retry !== 'none', call });
      if (token) {
        group.launchTokens = { ...group.launchTokens, [token]: { digest, at: clock.now(), answer: { ...answer } } };
      }
      ops.context.changed();
      ops.enqueue(group.name);
      return { ...answer, ClientToken: token };
    },
  };

  function launch(
    { launches }: Operations,
    group: GroupRecord,
    place: Place,
    { count, retries, call }: { count: number; retries: boolean; call: CallContext },
  ): LaunchInstancesResult {
    const where = {
      SubnetId: place.subnetId,
      AvailabilityZone: place.availabilityZone,
      AvailabilityZoneId: region.zoneIds[place.availabilityZone],
      MarketType: 'OnDemand',
    };
    const how = { cause: 'a user request to launch instances' };
    try {
      const source = launchSource(group, activeRefresh(state, group.name));
      const InstanceIds = launches.launchAt(group, place, count, source, how);
      group.desiredCapacity += count;
      const InstanceType = state.instances[InstanceIds[0] ?? '']?.instanceType;
      return { AutoScalingGroupName: group.name, Instances: [{ ...where, InstanceType, InstanceIds }], Errors: [] };
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      if (error.fault) call.struck?.(error.fault);
      launches.refused(group, error, how);
      // The group then tries by itself, wherever it has room.
      if (retries) group.desiredCapacity += count;
      const failure = { ...where, ErrorCode: error.code, ErrorMessage: error.message };
      return { AutoScalingGroupName: group.name, Instances: [], Errors: [failure] };
    }
  }
}

/** Exactly one of the group's places must be left by what the request names. */
function choosePlace(ops: Operations, group: GroupRecord, request: LaunchInstancesRequest): Place {
  const { region } = ops.context;
  const { SubnetIds: subnets = [], AvailabilityZones: zones = [], AvailabilityZoneIds: zoneIds = [] } = request;
  if (zones.length > 0 && zoneIds.length > 0) {
    throw validationError('AvailabilityZones and AvailabilityZoneIds cannot both be specified.');
  }
  for (const [name, values] of Object.entries({ subnets, zones, zoneIds })) {
    if (values.length > 1)
      throw validationError(`Only one entry is allowed in the list of ${name}, but there are ${values.length}.`);
  }
  const fits = placesOf(ops.context, group).filter(
    (place) =>
      (subnets.length === 0 || subnets.includes(place.subnetId)) &&
      (zones.length === 0 || zones.includes(place.availabilityZone)) &&
      (zoneIds.length === 0 || zoneIds.includes(region.zoneIds[place.availabilityZone] ?? '')),
  );
  const [place] = fits;
  if (!place) throw validationError(`Group ${group.name} does not use the Availability Zone or subnet of the request.`);
  if (new Set(fits.map((p) => p.availabilityZone)).size > 1) {
    throw validationError(
      'Groups with several Availability Zones need one of AvailabilityZones, AvailabilityZoneIds and SubnetIds.',
    );
  }
  return place;
}

function forgetTokens(group: GroupRecord, now: number): void {
  if (!group.launchTokens) return;
  const young = Object.entries(group.launchTokens).filter(([, { at }]) => at + TOKEN_LIFE_MS > now);
  group.launchTokens = Object.fromEntries(young);
}
