import type {
  DescribeInstanceAttributeRequest,
  GetConsoleOutputRequest,
  GetConsoleOutputResult,
  InstanceAttribute,
  ModifyInstanceAttributeRequest,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { InstanceRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidCombination, invalidValue, required } from '../errors.ts';
import { checkUserData, instanceType } from './launch-request.ts';
import type { InstanceLifecycle } from './lifecycle.ts';
import { findInstance } from './lookup.ts';
import { groupsOf, rootDevice, toInstance } from './shape.ts';

/** Instance families from before Nitro: the latest console output cannot be had of them. For the others it always is the latest here. */
const olderFamilies = /^(t[12]|m[1-4]|c[134]|r[34]|i[23]|d2|g[23]|p[23]|x1e?|h1|f1)\./;

/** What an instance is set to, and what its console says. */
export function attributeHandlers(context: CloudContext, lifecycle: InstanceLifecycle): HandlerTable {
  const { state, clock } = context;
  return {
    ModifyInstanceAttribute: (input: ModifyInstanceAttributeRequest): void => {
      const record = findInstance(state, input.InstanceId);
      const change = onlyChange(input);
      if (change === 'Groups') {
        const unknown = (input.Groups ?? []).find((id) => !state.securityGroups[id]);
        if (unknown) throw new CloudError('InvalidGroup.NotFound', `The security group '${unknown}' does not exist`);
        record.securityGroupIds = [...(input.Groups ?? [])];
      } else if (change === 'DisableApiTermination') {
        record.disableApiTermination = input.DisableApiTermination?.Value ?? input.Value === 'true';
      } else if (change === 'InstanceInitiatedShutdownBehavior') {
        const value = input.InstanceInitiatedShutdownBehavior?.Value ?? input.Value;
        if (value !== 'stop' && value !== 'terminate')
          throw invalidValue(`Invalid value '${value}' for InstanceInitiatedShutdownBehavior`);
        record.shutdownBehavior = value;
      } else if (change === 'UserData') {
        mustBeStopped(record);
        const raw = input.UserData?.Value;
        record.userData = checkUserData(raw ? Buffer.from(raw).toString('base64') : input.Value);
      } else if (change === 'InstanceType') {
        mustBeStopped(record);
        record.instanceType = instanceType(input.InstanceType?.Value ?? input.Value);
      }
      context.changed();
    },
    DescribeInstanceAttribute: (input: DescribeInstanceAttributeRequest): InstanceAttribute => {
      const record = findInstance(state, input.InstanceId);
      const attribute: string = required(input.Attribute, 'Attribute');
      const read: Record<string, () => InstanceAttribute> = {
        disableApiTermination: () => ({ DisableApiTermination: { Value: record.disableApiTermination ?? false } }),
        instanceInitiatedShutdownBehavior: () => ({
          InstanceInitiatedShutdownBehavior: { Value: record.shutdownBehavior ?? 'stop' },
        }),
        instanceType: () => ({ InstanceType: { Value: record.instanceType } }),
        userData: () => ({ UserData: record.userData === undefined ? {} : { Value: record.userData } }),
        groupSet: () => ({ Groups: groupsOf(state, record) }),
        rootDeviceName: () => ({ RootDeviceName: { Value: rootDevice } }),
        blockDeviceMapping: () => ({ BlockDeviceMappings: toInstance(state, record).BlockDeviceMappings }),
        ebsOptimized: () => ({ EbsOptimized: { Value: false } }),
        sourceDestCheck: () => ({ SourceDestCheck: { Value: true } }),
      };
      const values = Object.hasOwn(read, attribute) ? read[attribute] : undefined;
      if (!values) throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`);
      return { InstanceId: record.id, ...values() };
    },
    GetConsoleOutput: async (input: GetConsoleOutputRequest): Promise<GetConsoleOutputResult> => {
      const record = findInstance(state, input.InstanceId);
      if (input.Latest && olderFamilies.test(record.instanceType)) {
        throw new CloudError(
          'UnsupportedOperation',
          'This instance type does not support retrieving the latest console logs. Supported instance types are built on the Nitro System.',
        );
      }
      const text = await lifecycle.machines.console(record);
      return {
        InstanceId: record.id,
        Timestamp: new Date(clock.now()),
        Output: Buffer.from(text).toString('base64'),
      };
    },
  };
}

type Change = 'Groups' | 'DisableApiTermination' | 'InstanceInitiatedShutdownBehavior' | 'UserData' | 'InstanceType';

/** Which attribute a request changes: EC2 takes one a call, as a field of its own or as Attribute and Value. */
function onlyChange(input: ModifyInstanceAttributeRequest): Change {
  const changes: Change[] = [
    'Groups',
    'DisableApiTermination',
    'InstanceInitiatedShutdownBehavior',
    'UserData',
    'InstanceType',
  ];
  const named = changes.filter(
    (change) => input[change] !== undefined || change.toLowerCase() === input.Attribute?.toLowerCase(),
  );
  const [only] = named;
  if (named.length > 1) throw invalidCombination('Fields for multiple attribute types specified');
  if (!only) throw invalidCombination('No attributes specified that can be modified here');
  return only;
}

function mustBeStopped(record: InstanceRecord): void {
  if (record.state === 'stopped') return;
  throw new CloudError('IncorrectInstanceState', `The instance '${record.id}' is not in the 'stopped' state.`);
}
