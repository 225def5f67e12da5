import type {
  InstanceStateChange,
  RebootInstancesRequest,
  Reservation,
  RunInstancesRequest,
  StartInstancesRequest,
  StartInstancesResult,
  StopInstancesRequest,
  StopInstancesResult,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { InstanceRecord, InstanceStateName } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { unsupported } from '../errors.ts';
import { launch } from './launch.ts';
import { planLaunch } from './launch-request.ts';
import type { InstanceLifecycle } from './lifecycle.ts';
import { findInstances } from './lookup.ts';
import { toReservations, toState } from './shape.ts';

/** RunInstances, and what switches instances on and off. A call that names several checks all before it changes one. */
export function lifecycleHandlers(context: CloudContext, lifecycle: InstanceLifecycle): HandlerTable {
  const { state } = context;
  const change = (records: InstanceRecord[], from: InstanceStateName[], act: (record: InstanceRecord) => void) =>
    records.map((record): InstanceStateChange => {
      const previous = toState(record.state);
      if (from.includes(record.state)) act(record);
      return { InstanceId: record.id, PreviousState: previous, CurrentState: toState(record.state) };
    });

  return {
    RunInstances: (input: RunInstancesRequest): Reservation => {
      const plan = planLaunch(context, input);
      const known =
        plan.clientToken && Object.values(state.instances).filter((one) => one.clientToken === plan.clientToken);
      if (known && known.length > 0) {
        if (known[0]?.clientTokenDigest !== plan.clientTokenDigest) {
          throw new CloudError(
            'IdempotentParameterMismatch',
            'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
          );
        }
        return toReservations(state, known)[0] ?? {};
      }
      return toReservations(state, launch(context, lifecycle, plan))[0] ?? {};
    },
    StartInstances: (input: StartInstancesRequest): StartInstancesResult => {
      const records = findInstances(state, input.InstanceIds);
      allow(records, ['stopped', 'pending', 'running'], 'started');
      for (const record of records) if (record.state === 'stopped') context.faults?.checkCapacity(record);
      return { StartingInstances: change(records, ['stopped'], (record) => lifecycle.start(record)) };
    },
    StopInstances: (input: StopInstancesRequest): StopInstancesResult => {
      const records = findInstances(state, input.InstanceIds);
      if (input.Hibernate)
        throw unsupported(
          `The instance '${records[0]?.id}' is not configured for hibernation, which this cloud does not support`,
        );
      const held = records.find((one) => one.options?.disableApiStop);
      if (held)
        throw new CloudError(
          'OperationNotPermitted',
          `The instance '${held.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
        );
      allow(records, ['running', 'stopping', 'stopped'], 'stopped');
      return { StoppingInstances: change(records, ['running'], (record) => lifecycle.stop(record)) };
    },
    RebootInstances: (input: RebootInstancesRequest): void => {
      const records = findInstances(state, input.InstanceIds);
      allow(records, ['running'], 'rebooted');
      for (const record of records) lifecycle.restart(record).catch((error) => context.report(error));
    },
    TerminateInstances: (input: TerminateInstancesRequest): TerminateInstancesResult => {
      const records = findInstances(state, input.InstanceIds);
      const held = records.find((one) => one.disableApiTermination && one.state !== 'terminated');
      if (held) {
        throw new CloudError(
          'OperationNotPermitted',
          `The instance '${held.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
        );
      }
      const live: InstanceStateName[] = ['pending', 'running', 'stopping', 'stopped'];
      return { TerminatingInstances: change(records, live, (record) => void lifecycle.terminate(record)) };
    },
  };
}

function allow(records: InstanceRecord[], states: InstanceStateName[], verb: string): void {
  const wrong = records.find((record) => !states.includes(record.state));
  if (!wrong) return;
  throw new CloudError(
    'IncorrectInstanceState',
    `The instance '${wrong.id}' is not in a state from which it can be ${verb}: it is ${wrong.state}.`,
  );
}
