import type {
  BlockDeviceMapping,
  GroupIdentifier,
  Instance,
  InstanceMetadataOptionsResponse,
  InstanceState,
  Reservation,
} from '@aws-sdk/client-ec2';
import { derivedId } from '../../ids.ts';
import type { CloudState, InstanceRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { tagList } from '../tag-shapes.ts';
import { privateDnsName } from './machines.ts';
import { stateCodes } from './states.ts';

/** Where the root volume hangs. */
export const rootDevice = '/dev/xvda';

/** Size of a root volume that nobody gave one, in GiB. */
export const defaultVolumeGib = 8;

export function toState(state: InstanceRecord['state']): InstanceState {
  return { Name: state, Code: stateCodes[state] };
}

/** Instances as reservations: those launched together stand together. */
export function toReservations(state: CloudState, records: InstanceRecord[]): Reservation[] {
  const byReservation = new Map<string, InstanceRecord[]>();
  for (const record of records) {
    const members = byReservation.get(record.reservationId);
    if (members) members.push(record);
    else byReservation.set(record.reservationId, [record]);
  }
  return [...byReservation].map(([id, members]) => ({
    ReservationId: id,
    OwnerId: account.id,
    Groups: [],
    Instances: members.map((record) => toInstance(state, record)),
  }));
}

/** An instance in the SDK's shape. A terminated one has no address, network or volume any more, as in EC2. */
export function toInstance(state: CloudState, record: InstanceRecord): Instance {
  const gone = record.state === 'terminated';
  const groups = groupsOf(state, record);
  return {
    InstanceId: record.id,
    ImageId: record.imageId,
    State: toState(record.state),
    StateReason: record.stateReason && { Code: record.stateReason.code, Message: record.stateReason.message },
    StateTransitionReason: record.stateTransitionReason ?? '',
    InstanceType: record.instanceType as Instance['InstanceType'],
    LaunchTime: new Date(record.launchTime),
    Placement: { AvailabilityZone: record.availabilityZone, GroupName: '', Tenancy: 'default' },
    Monitoring: { State: 'disabled' },
    KeyName: record.keyName,
    AmiLaunchIndex: record.launchIndex ?? 0,
    ClientToken: record.clientToken ?? '',
    Architecture: 'x86_64',
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    RootDeviceType: 'ebs',
    RootDeviceName: rootDevice,
    EbsOptimized: false,
    EnaSupport: true,
    SourceDestCheck: gone ? undefined : true,
    PlatformDetails: 'Linux/UNIX',
    ProductCodes: [],
    IamInstanceProfile: record.iamInstanceProfile
      ? { Arn: record.iamInstanceProfile, Id: record.iamInstanceProfileId }
      : undefined,
    PrivateDnsName: gone ? '' : privateDnsName(record),
    PublicDnsName: '',
    PrivateIpAddress: gone ? undefined : record.address,
    SubnetId: gone ? undefined : record.subnetId,
    VpcId: gone ? undefined : record.vpcId,
    SecurityGroups: gone ? [] : groups,
    NetworkInterfaces: gone ? [] : [networkInterface(record, groups)],
    BlockDeviceMappings: gone
      ? []
      : [
          {
            DeviceName: rootDevice,
            Ebs: {
              VolumeId: record.volumeId,
              Status: 'attached',
              DeleteOnTermination: true,
              AttachTime: new Date(record.launchTime),
            },
          },
        ],
    MetadataOptions: metadataOptionsOf(record),
    Tags: tagList(record.tags),
  };
}

/** What was asked for over EC2's defaults. */
export function metadataOptionsOf(record: InstanceRecord): InstanceMetadataOptionsResponse {
  return {
    State: 'applied',
    HttpTokens: 'optional',
    HttpPutResponseHopLimit: 1,
    HttpEndpoint: 'enabled',
    HttpProtocolIpv6: 'disabled',
    InstanceMetadataTags: 'disabled',
    ...record.metadataOptions,
  };
}

export function groupsOf(state: CloudState, record: InstanceRecord): GroupIdentifier[] {
  return record.securityGroupIds.map((id) => ({ GroupId: id, GroupName: state.securityGroups[id]?.name ?? id }));
}

/** Size of an instance's root volume in GiB. */
export function volumeGib(record: InstanceRecord): number {
  const root = (record.blockDeviceMappings as BlockDeviceMapping[] | undefined)?.find((one) => one.Ebs?.VolumeSize);
  return root?.Ebs?.VolumeSize ?? defaultVolumeGib;
}

/** The one network interface of an instance. */
export function networkInterface(record: InstanceRecord, groups: GroupIdentifier[]) {
  return {
    NetworkInterfaceId: derivedId('eni', record.id),
    OwnerId: account.id,
    PrivateIpAddress: record.address,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: record.address }],
    SubnetId: record.subnetId,
    VpcId: record.vpcId,
    Groups: groups,
    Status: 'in-use' as const,
    InterfaceType: 'interface',
    SourceDestCheck: true,
    Attachment: { DeviceIndex: 0, Status: 'attached' as const, AttachTime: new Date(record.launchTime) },
  };
}
