import type {
  GroupIdentifier,
  Instance,
  InstanceMetadataOptionsResponse,
  InstanceState,
  Reservation,
} from '@aws-sdk/client-ec2';
import type { CloudState, InstanceRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { tagsIfAny } from '../tag-shapes.ts';
import { rootDevice } from '../volumes/root.ts';
import { toMapping } from '../volumes/shape.ts';
import { attachedTo } from '../volumes/table.ts';
import { privateDnsName } from './machines.ts';
import { networkInterface, publicAddressOf } from './network-interface.ts';
import { optionsShown } from './shown-options.ts';
import { stateCodes } from './states.ts';

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
    ...optionsShown(record),
    KeyName: record.keyName,
    AmiLaunchIndex: record.launchIndex ?? 0,
    ClientToken: record.clientToken ?? '',
    Architecture: 'x86_64',
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    RootDeviceType: 'ebs',
    RootDeviceName: rootDevice,
    SourceDestCheck: gone ? undefined : (record.options?.sourceDestCheck ?? true),
    PlatformDetails: 'Linux/UNIX',
    ProductCodes: [],
    IamInstanceProfile: record.iamInstanceProfile
      ? { Arn: record.iamInstanceProfile, Id: record.iamInstanceProfileId }
      : undefined,
    PrivateDnsName: gone ? '' : privateDnsName(record),
    PublicDnsName: '',
    PrivateIpAddress: gone ? undefined : record.address,
    PublicIpAddress: publicAddressOf(record),
    SubnetId: gone ? undefined : record.subnetId,
    VpcId: gone ? undefined : record.vpcId,
    SecurityGroups: gone ? [] : groups,
    NetworkInterfaces: gone ? [] : [networkInterface(record, groups)],
    BlockDeviceMappings: attachedTo(state, record).map(toMapping),
    MetadataOptions: metadataOptionsOf(record),
    Tags: tagsIfAny(record.tags),
  };
}

/** What was requested, over EC2's defaults. */
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
