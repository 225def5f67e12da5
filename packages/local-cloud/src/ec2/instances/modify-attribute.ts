import type { ModifyInstanceAttributeRequest } from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { CloudState, InstanceOptions, InstanceRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidCombination, invalidValue, missing, unsupported } from '../errors.ts';
import { checkGroupId } from '../security-group-rules.ts';
import { rootDevice, rootSettings } from '../volumes/root.ts';
import { ownRecords } from '../volumes/table.ts';
import { checkUserData, instanceType } from './launch-request.ts';
import { findInstance } from './lookup.ts';

type Request = ModifyInstanceAttributeRequest;
type Change = (record: InstanceRecord, input: Request, state: CloudState) => void;

/** ModifyInstanceAttribute: what may change of an instance after its launch, one attribute a call. */
export function modifyAttributeHandlers(context: CloudContext): HandlerTable {
  const { state } = context;
  return {
    ModifyInstanceAttribute: (input: Request): void => {
      const record = findInstance(state, input.InstanceId);
      onlyChange(input)(record, input, state);
      context.changed();
    },
  };
}

/** By the field of the request that carries the new value. */
const changes: Partial<Record<keyof Request, Change>> = {
  Groups: (record, { Groups = [] }, { securityGroups }) => {
    const unknown = Groups.find((id) => securityGroups[checkGroupId(id)]?.vpcId !== record.vpcId);
    if (unknown) throw new CloudError('InvalidGroup.NotFound', `The security group '${unknown}' does not exist`);
    record.securityGroupIds = [...Groups];
  },
  DisableApiTermination: (record, input) => {
    record.disableApiTermination = flag(input, 'DisableApiTermination');
  },
  DisableApiStop: (record, input) => set(record, 'disableApiStop', flag(input, 'DisableApiStop')),
  SourceDestCheck: (record, input) => set(record, 'sourceDestCheck', flag(input, 'SourceDestCheck')),
  EnaSupport: stopped((record, input) => set(record, 'enaSupport', flag(input, 'EnaSupport'))),
  EbsOptimized: stopped((record, input) => set(record, 'ebsOptimized', flag(input, 'EbsOptimized'))),
  EnclaveOptions: stopped((record, input) => set(record, 'enclave', input.EnclaveOptions?.Enabled ?? false)),
  SriovNetSupport: stopped((record, input) => {
    const value = input.SriovNetSupport?.Value ?? input.Value;
    if (value !== 'simple') throw invalidValue(`Value (${value}) for parameter sriovNetSupport is invalid: simple`);
    set(record, 'sriovNetSupport', value);
  }),
  InstanceInitiatedShutdownBehavior: (record, input) => {
    const value = input.InstanceInitiatedShutdownBehavior?.Value ?? input.Value;
    if (value !== 'stop' && value !== 'terminate')
      throw invalidValue(`Invalid value '${value}' for InstanceInitiatedShutdownBehavior`);
    record.shutdownBehavior = value;
  },
  UserData: stopped((record, input) => {
    const raw = input.UserData?.Value;
    record.userData = checkUserData(raw ? Buffer.from(raw).toString('base64') : input.Value);
  }),
  InstanceType: stopped((record, input) => {
    record.instanceType = instanceType(input.InstanceType?.Value ?? input.Value);
  }),
  BlockDeviceMappings: changeDevices,
  Kernel: unserved,
  Ramdisk: unserved,
};

/** Attributes that are named otherwise than the field with their value. */
const attributeNames: Partial<Record<keyof Request, string>> = {
  Groups: 'groupset',
  BlockDeviceMappings: 'blockdevicemapping',
};

/** Which attribute a request changes: EC2 takes one a call, as a field of its own or as Attribute and Value. */
function onlyChange(input: Request): Change {
  const fields = Object.keys(changes) as (keyof Request)[];
  const asked = input.Attribute?.toLowerCase();
  const named = fields.filter(
    (field) => input[field] !== undefined || asked === (attributeNames[field] ?? field.toLowerCase()),
  );
  if (named.length > 1) throw invalidCombination('Fields for multiple attribute types specified');
  const change = named[0] && changes[named[0]];
  if (!change) throw invalidCombination('No attributes specified that can be modified here');
  return change;
}

/** Whether volumes go with the instance; nothing else of a device can be changed. */
function changeDevices(record: InstanceRecord, { BlockDeviceMappings = [] }: Request, state: CloudState): void {
  if (BlockDeviceMappings.length === 0) throw missing('BlockDeviceMapping');
  const wanted = BlockDeviceMappings.map(({ DeviceName: device, Ebs }) => {
    if (!device) throw missing('BlockDeviceMapping.DeviceName');
    const volume = ownRecords(state, record.id).find((one) => one.attachment?.device === device);
    const id = device === rootDevice ? record.volumeId : volume?.id;
    if (id === undefined || (Ebs?.VolumeId && Ebs.VolumeId !== id)) {
      throw new CloudError('InvalidInstanceAttributeValue', `No device is currently mapped at ${device}`);
    }
    return { volume, deleteOnTermination: Ebs?.DeleteOnTermination };
  });
  for (const { volume, deleteOnTermination } of wanted) {
    if (deleteOnTermination === undefined) continue;
    if (volume?.attachment) volume.attachment.deleteOnTermination = deleteOnTermination;
    else record.root = { ...rootSettings(state, record), deleteOnTermination };
  }
}

function set<Name extends keyof InstanceOptions>(
  record: InstanceRecord,
  name: Name,
  value: InstanceOptions[Name],
): void {
  record.options = { ...record.options, [name]: value };
}

type Flag = 'DisableApiTermination' | 'DisableApiStop' | 'SourceDestCheck' | 'EnaSupport' | 'EbsOptimized';

function flag(input: Request, field: Flag): boolean {
  return input[field]?.Value ?? input.Value?.toLowerCase() === 'true';
}

/** A change that a machine takes only while it is off. */
function stopped(change: Change): Change {
  return (record, input, state) => {
    if (record.state !== 'stopped')
      throw new CloudError('IncorrectInstanceState', `The instance '${record.id}' is not in the 'stopped' state.`);
    change(record, input, state);
  };
}

function unserved(): never {
  throw unsupported('Kernels and RAM disks of their own are not supported by this cloud');
}
