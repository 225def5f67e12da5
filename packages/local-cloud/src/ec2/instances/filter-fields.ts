import type { Instance, InstanceNetworkInterface } from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { InstanceRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { type Fields, filterText as text, withoutValue } from '../filters.ts';
import { attachedTo } from '../volumes/table.ts';
import { networkInterface } from './network-interface.ts';
import { groupsOf, metadataOptionsOf, toInstance } from './shape.ts';
import { optionsShown } from './shown-options.ts';
import { stateCodes } from './states.ts';

/** Filters of DescribeInstances on what no instance here has. */
const nothingShown = withoutValue(`
  affinity boot-mode capacity-reservation-id
  capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id
  capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn
  current-instance-boot-mode host-id instance-lifecycle ipv6-address kernel-id operator.principal outpost-arn
  placement-group-name placement-partition-number platform product-code product-code.type ramdisk-id requester-id
  spot-instance-request-id tpm-support usage-operation-update-time iam-instance-profile.id
  network-interface.addresses.association.allocation-id network-interface.addresses.association.association-id
  network-interface.addresses.association.carrier-ip network-interface.addresses.association.customer-owned-ip
  network-interface.association.allocation-id network-interface.association.association-id
  network-interface.association.carrier-ip network-interface.association.customer-owned-ip
  network-interface.deny-all-igw-traffic network-interface.ipv4-prefixes.ipv4-prefix network-interface.ipv6-address
  network-interface.ipv6-addresses.ipv6-address network-interface.ipv6-addresses.is-primary-ipv6
  network-interface.ipv6-prefixes.ipv6-prefix network-interface.operator.principal network-interface.outpost-arn
  network-interface.requester-id
`);

/** What the filters of DescribeInstances look at. */
export function instanceFilterFields({ state, region }: CloudContext): Fields<InstanceRecord> {
  const shown = (read: (one: Partial<Instance>) => unknown) => (record: InstanceRecord) =>
    text(read(optionsShown(record)));
  const whole = (read: (one: Instance) => unknown) => (record: InstanceRecord) => text(read(toInstance(state, record)));
  const metadata = (read: (one: ReturnType<typeof metadataOptionsOf>) => unknown) => (record: InstanceRecord) =>
    text(read(metadataOptionsOf(record)));
  const ofVolumes =
    (read: (one: NonNullable<ReturnType<typeof attachedTo>[number]['attachment']>) => unknown) =>
    (record: InstanceRecord) =>
      attachedTo(state, record).map(({ attachment }) => attachment && text(read(attachment)));
  const face = (read: (one: InstanceNetworkInterface) => unknown) => (record: InstanceRecord) =>
    record.state === 'terminated' ? undefined : text(read(networkInterface(record, groupsOf(state, record))));
  const groupIds = (record: InstanceRecord) => record.securityGroupIds;
  const groupNames = (record: InstanceRecord) => record.securityGroupIds.map((id) => state.securityGroups[id]?.name);
  const interfaceTags = (record: InstanceRecord) => record.options?.interfaceTags ?? {};
  return {
    ...nothingShown,
    architecture: whole((one) => one.Architecture),
    'availability-zone': (one) => one.availabilityZone,
    'availability-zone-id': (one) => region.zoneIds[one.availabilityZone],
    'block-device-mapping.attach-time': ofVolumes(({ at }) => new Date(at)),
    'block-device-mapping.delete-on-termination': ofVolumes((one) => one.deleteOnTermination),
    'block-device-mapping.device-name': ofVolumes((one) => one.device),
    'block-device-mapping.status': ofVolumes(() => 'attached'),
    'block-device-mapping.volume-id': (one) => attachedTo(state, one).map(({ id }) => id),
    'capacity-reservation-specification.capacity-reservation-preference': shown(
      (one) => one.CapacityReservationSpecification?.CapacityReservationPreference,
    ),
    'client-token': (one) => one.clientToken,
    'dns-name': whole((one) => one.PublicDnsName),
    'ebs-optimized': shown((one) => one.EbsOptimized),
    'ena-support': shown((one) => one.EnaSupport),
    'enclave-options.enabled': shown((one) => one.EnclaveOptions?.Enabled),
    'hibernation-options.configured': shown((one) => one.HibernationOptions?.Configured),
    hypervisor: whole((one) => one.Hypervisor),
    'iam-instance-profile.arn': (one) => one.iamInstanceProfile,
    'image-id': (one) => one.imageId,
    'instance-id': (one) => one.id,
    'instance-state-code': (one) => String(stateCodes[one.state]),
    'instance-state-name': (one) => one.state,
    'instance-type': (one) => one.instanceType,
    'instance.group-id': groupIds,
    'instance.group-name': groupNames,
    // Older names of the same filters.
    'group-id': groupIds,
    'group-name': groupNames,
    'ip-address': whole((one) => one.PublicIpAddress),
    'key-name': (one) => one.keyName,
    'launch-index': (one) => String(one.launchIndex ?? 0),
    'launch-time': (one) => new Date(one.launchTime).toISOString(),
    'maintenance-options.auto-recovery': shown((one) => one.MaintenanceOptions?.AutoRecovery),
    'metadata-options.http-endpoint': metadata((one) => one.HttpEndpoint),
    'metadata-options.http-protocol-ipv4': metadata((one) => one.HttpEndpoint),
    'metadata-options.http-protocol-ipv6': metadata((one) => one.HttpProtocolIpv6),
    'metadata-options.http-put-response-hop-limit': metadata((one) => one.HttpPutResponseHopLimit),
    'metadata-options.http-tokens': metadata((one) => one.HttpTokens),
    'metadata-options.instance-metadata-tags': metadata((one) => one.InstanceMetadataTags),
    'metadata-options.state': metadata((one) => one.State),
    'monitoring-state': shown((one) => one.Monitoring?.State),
    'network-interface.addresses.association.ip-owner-id': face((one) => one.Association?.IpOwnerId),
    'network-interface.addresses.association.public-dns-name': face((one) => one.Association?.PublicDnsName),
    'network-interface.addresses.association.public-ip': face((one) => one.Association?.PublicIp),
    'network-interface.addresses.primary': face(() => true),
    'network-interface.addresses.private-dns-name': face((one) => one.PrivateDnsName),
    'network-interface.addresses.private-ip-address': face((one) => one.PrivateIpAddress),
    'network-interface.association.ip-owner-id': face((one) => one.Association?.IpOwnerId),
    'network-interface.association.public-dns-name': face((one) => one.Association?.PublicDnsName),
    'network-interface.association.public-ip': face((one) => one.Association?.PublicIp),
    'network-interface.attachment.attach-time': face((one) => one.Attachment?.AttachTime),
    'network-interface.attachment.attachment-id': face((one) => one.Attachment?.AttachmentId),
    'network-interface.attachment.delete-on-termination': face((one) => one.Attachment?.DeleteOnTermination),
    'network-interface.attachment.device-index': face((one) => one.Attachment?.DeviceIndex),
    'network-interface.attachment.instance-id': (one) => one.id,
    'network-interface.attachment.instance-owner-id': () => account.id,
    'network-interface.attachment.network-card-index': face((one) => one.Attachment?.NetworkCardIndex),
    'network-interface.attachment.status': face((one) => one.Attachment?.Status),
    'network-interface.availability-zone': (one) => one.availabilityZone,
    'network-interface.description': face((one) => one.Description),
    'network-interface.group-id': groupIds,
    'network-interface.group-name': groupNames,
    'network-interface.ipv6-native': face(() => false),
    'network-interface.mac-address': face((one) => one.MacAddress),
    'network-interface.network-interface-id': face((one) => one.NetworkInterfaceId),
    'network-interface.operator.managed': face(() => false),
    'network-interface.owner-id': face((one) => one.OwnerId),
    'network-interface.private-dns-name': face((one) => one.PrivateDnsName),
    'network-interface.private-ip-address': face((one) => one.PrivateIpAddress),
    'network-interface.public-dns-name': face((one) => one.Association?.PublicDnsName),
    'network-interface.requester-managed': face(() => false),
    'network-interface.source-dest-check': face((one) => one.SourceDestCheck),
    'network-interface.status': face((one) => one.Status),
    'network-interface.subnet-id': face((one) => one.SubnetId),
    'network-interface.tag-key': (one) => Object.keys(interfaceTags(one)),
    'network-interface.tag-value': (one) => Object.values(interfaceTags(one)),
    'network-interface.vpc-id': face((one) => one.VpcId),
    'network-performance-options.bandwidth-weighting': shown(
      (one) => one.NetworkPerformanceOptions?.BandwidthWeighting,
    ),
    'operator.managed': () => 'false',
    'owner-id': () => account.id,
    'platform-details': whole((one) => one.PlatformDetails),
    'private-dns-name': whole((one) => one.PrivateDnsName || undefined),
    'private-dns-name-options.enable-resource-name-dns-a-record': shown(
      (one) => one.PrivateDnsNameOptions?.EnableResourceNameDnsARecord,
    ),
    'private-dns-name-options.enable-resource-name-dns-aaaa-record': shown(
      (one) => one.PrivateDnsNameOptions?.EnableResourceNameDnsAAAARecord,
    ),
    'private-dns-name-options.hostname-type': shown((one) => one.PrivateDnsNameOptions?.HostnameType),
    'private-ip-address': whole((one) => one.PrivateIpAddress),
    reason: whole((one) => one.StateTransitionReason || undefined),
    'reservation-id': (one) => one.reservationId,
    'root-device-name': whole((one) => one.RootDeviceName),
    'root-device-type': whole((one) => one.RootDeviceType),
    'source-dest-check': whole((one) => one.SourceDestCheck),
    'state-reason-code': (one) => one.stateReason?.code,
    'state-reason-message': (one) => one.stateReason?.message,
    'subnet-id': whole((one) => one.SubnetId),
    tenancy: shown((one) => one.Placement?.Tenancy),
    'usage-operation': () => 'RunInstances',
    'virtualization-type': whole((one) => one.VirtualizationType),
    'vpc-id': whole((one) => one.VpcId),
  };
}
