import type {
  DescribeInstanceAttributeRequest,
  GetConsoleOutputRequest,
  GetConsoleOutputResult,
  InstanceAttribute,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { invalidValue, required, unsupported } from '../errors.ts';
import { rootDevice } from '../volumes/root.ts';
import type { InstanceLifecycle } from './lifecycle.ts';
import { findInstance } from './lookup.ts';
import { groupsOf, toInstance } from './shape.ts';
import { optionsShown } from './shown-options.ts';

/** Instance families from before Nitro: the latest console output cannot be had of them. For the others it always is the latest here. */
const olderFamilies = /^(t[12]|m[1-4]|c[134]|r[34]|i[23]|d2|g[23]|p[23]|x1e?|h1|f1)\./;

/** What an instance is set to, and what its console says; modify-attribute.ts changes the former. */
export function attributeHandlers(context: CloudContext, lifecycle: InstanceLifecycle): HandlerTable {
  const { state, clock } = context;
  return {
    DescribeInstanceAttribute: (input: DescribeInstanceAttributeRequest): InstanceAttribute => {
      const record = findInstance(state, input.InstanceId);
      const attribute: string = required(input.Attribute, 'Attribute');
      const shown = optionsShown(record);
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
        ebsOptimized: () => ({ EbsOptimized: { Value: shown.EbsOptimized } }),
        enaSupport: () => ({ EnaSupport: { Value: shown.EnaSupport } }),
        enclaveOptions: () => ({ EnclaveOptions: shown.EnclaveOptions }),
        disableApiStop: () => ({ DisableApiStop: { Value: record.options?.disableApiStop ?? false } }),
        sriovNetSupport: () => ({ SriovNetSupport: shown.SriovNetSupport ? { Value: shown.SriovNetSupport } : {} }),
        sourceDestCheck: () => ({ SourceDestCheck: { Value: record.options?.sourceDestCheck ?? true } }),
        productCodes: () => ({ ProductCodes: [] }),
        kernel: () => ({ KernelId: {} }),
        ramdisk: () => ({ RamdiskId: {} }),
      };
      const values = Object.hasOwn(read, attribute) ? read[attribute] : undefined;
      if (!values) throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`);
      return { InstanceId: record.id, ...values() };
    },
    GetConsoleOutput: async (input: GetConsoleOutputRequest): Promise<GetConsoleOutputResult> => {
      const record = findInstance(state, input.InstanceId);
      if (input.Latest && olderFamilies.test(record.instanceType)) {
        throw unsupported(
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
