import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { LoadBalancerRecord } from '../../model.ts';
import { findSubnet } from '../../network.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { checkUnits, decreasesLeft, isMoving, isPending, reserved } from '../capacity.ts';
import { findLoadBalancer } from '../find.ts';
import type { ElbParts } from './shared.ts';

/** Capacity units that are kept for a load balancer. They are counted and shown; HAProxy gets no faster by them. */
export function capacityHandlers({ context }: ElbParts): HandlerTable {
  const { state, clock, delays } = context;

  function show(record: LoadBalancerRecord): elb.DescribeCapacityReservationOutput {
    const { capacity } = record;
    const now = clock.now();
    const answer = { DecreaseRequestsRemaining: decreasesLeft(capacity, now) };
    if (!capacity) return answer;
    const LastModifiedTime = new Date(capacity.modifiedAt);
    if (capacity.units === 0) return { ...answer, LastModifiedTime };
    const moving = isMoving(capacity, now, delays.capacityProvisioning);
    const pending = !moving && isPending(capacity, now, delays.capacityProvisioning);
    const zones = record.subnetIds.flatMap((id) => findSubnet(context, id)?.zone ?? []);
    return {
      ...answer,
      LastModifiedTime,
      MinimumLoadBalancerCapacity: { CapacityUnits: capacity.units },
      CapacityReservationState: zones.map((AvailabilityZone) => ({
        AvailabilityZone,
        State: { Code: moving ? 'rebalancing' : pending ? 'pending' : 'provisioned' },
        EffectiveCapacityUnits: (pending ? capacity.before : capacity.units) / zones.length,
      })),
    };
  }

  return {
    ModifyCapacityReservation(input: elb.ModifyCapacityReservationInput): elb.ModifyCapacityReservationOutput {
      const record = findLoadBalancer(state, input.LoadBalancerArn);
      const units = unitsOf(input);
      if (record.state !== 'active')
        throw new CloudError('PriorRequestNotComplete', `The load balancer '${record.arn}' is not active yet`, 429);
      // Asking for what there is changes nothing.
      if (units === (record.capacity?.units ?? 0)) return show(record);
      const at = { now: clock.now(), delayMs: delays.capacityProvisioning };
      record.capacity = reserved(state, record, units, at);
      context.changed();
      return show(record);
    },

    DescribeCapacityReservation: (input: elb.DescribeCapacityReservationInput): elb.DescribeCapacityReservationOutput =>
      show(findLoadBalancer(state, input.LoadBalancerArn)),
  };
}

/** The requested units, 0 for a reset. */
function unitsOf(input: elb.ModifyCapacityReservationInput): number {
  const units = input.MinimumLoadBalancerCapacity?.CapacityUnits;
  const reset = input.ResetCapacityReservation === true;
  if (reset === (units !== undefined))
    throw new CloudError(
      'InvalidConfigurationRequest',
      'Specify either the minimum load balancer capacity or the reset of the capacity reservation',
    );
  return units === undefined ? 0 : checkUnits(units);
}
