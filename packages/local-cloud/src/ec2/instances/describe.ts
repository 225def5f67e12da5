import type {
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  DescribeInstancesRequest,
  DescribeInstancesResult,
  InstanceStatus,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { InstanceRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { invalidCombination } from '../errors.ts';
import { applyFilters, type Fields, withoutValue } from '../filters.ts';
import { paginate, timeKey } from '../pagination.ts';
import { instanceFilterFields } from './filter-fields.ts';
import type { InstanceLifecycle } from './lifecycle.ts';
import { findInstances } from './lookup.ts';
import { toReservations, toState } from './shape.ts';
import { stateCodes } from './states.ts';

const pageLimits = { min: 5, max: 1000 };

/** No event is ever planned for an instance here, and nobody reports on its applications. */
const neverHappens = withoutValue(`
  event.code event.description event.instance-event-id event.not-after event.not-before event.not-before-deadline
  operator.principal application-status.status
`);

/** DescribeInstances and DescribeInstanceStatus. */
export function describeHandlers(context: CloudContext, lifecycle: InstanceLifecycle): HandlerTable {
  const { state, region } = context;
  const fields = instanceFilterFields(context);
  const zoneIdOf = (record: InstanceRecord) => region.zoneIds[record.availabilityZone];
  const statusOf = (record: InstanceRecord): Status => {
    if (record.state !== 'running') return 'not-applicable';
    return lifecycle.isRestarting(record.id) ? 'initializing' : 'ok';
  };
  const statusFields: Fields<InstanceRecord> = {
    'availability-zone': (one) => one.availabilityZone,
    'instance-state-name': (one) => one.state,
    'instance-state-code': (one) => String(stateCodes[one.state]),
    'availability-zone-id': zoneIdOf,
    'instance-status.status': statusOf,
    'instance-status.reachability': (one) => reachability(statusOf(one)),
    'system-status.status': statusOf,
    'system-status.reachability': (one) => reachability(statusOf(one)),
    'attached-ebs-status.status': statusOf,
    'operator.managed': () => 'false',
    ...neverHappens,
  };
  const asked = (ids: string[] | undefined): InstanceRecord[] =>
    ids?.length ? findInstances(state, ids) : Object.values(state.instances);
  const order = orderOfLaunch();

  return {
    DescribeInstances: (input: DescribeInstancesRequest): DescribeInstancesResult => {
      refuseBoth(input, 'instancesSet');
      const kept = applyFilters(asked(input.InstanceIds), input.Filters, fields, (one) => one.tags);
      const page = paginate(kept, input, pageLimits, order);
      return { Reservations: toReservations(state, page.items), NextToken: page.nextToken };
    },
    DescribeInstanceStatus: (input: DescribeInstanceStatusRequest): DescribeInstanceStatusResult => {
      refuseBoth(input, 'instancesSet');
      const seen = asked(input.InstanceIds).filter((one) => input.IncludeAllInstances || one.state === 'running');
      const kept = applyFilters(seen, input.Filters, statusFields, (one) => one.tags);
      const page = paginate(kept, input, pageLimits, order);
      return {
        InstanceStatuses: page.items.map((one) => ({
          ...toStatus(one, statusOf(one)),
          AvailabilityZoneId: zoneIdOf(one),
        })),
        NextToken: page.nextToken,
      };
    },
  };
}

/** Keys that put instances in the order of their launch. Each is made once: a page of some needs those of all. */
function orderOfLaunch(): (record: InstanceRecord) => string {
  const keys = new WeakMap<InstanceRecord, { launchTime: number; key: string }>();
  return (one) => {
    const known = keys.get(one);
    // An instance that is started again has a new launch time.
    if (known?.launchTime === one.launchTime) return known.key;
    const { launchTime, reservationId, launchIndex = 0, id } = one;
    const key = `${timeKey(launchTime, reservationId)} ${String(launchIndex).padStart(5, '0')} ${id}`;
    keys.set(one, { launchTime, key });
    return key;
  };
}

/** Ids and pages exclude each other in EC2. */
function refuseBoth(input: { InstanceIds?: string[]; MaxResults?: number }, parameter: string): void {
  if (!input.InstanceIds?.length || input.MaxResults === undefined) return;
  throw invalidCombination(`The parameter ${parameter} cannot be used with the parameter maxResults`);
}

type Status = 'ok' | 'initializing' | 'not-applicable';

/** What the checks of a machine in this status say; undefined for one that is off, which is not checked. */
function reachability(status: Status): 'passed' | 'initializing' | undefined {
  if (status === 'not-applicable') return undefined;
  return status === 'ok' ? 'passed' : 'initializing';
}

function toStatus(record: InstanceRecord, status: Status): InstanceStatus {
  const checked = reachability(status);
  const summary = { Status: status, Details: checked ? [{ Name: 'reachability' as const, Status: checked }] : [] };
  return {
    InstanceId: record.id,
    AvailabilityZone: record.availabilityZone,
    InstanceState: toState(record.state),
    InstanceStatus: summary,
    SystemStatus: summary,
    AttachedEbsStatus: summary,
    Events: [],
  };
}
