import type {
  DescribeInstanceCreditSpecificationsRequest,
  DescribeInstanceCreditSpecificationsResult,
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult,
  ModifyInstanceMetadataOptionsRequest,
  ModifyInstanceMetadataOptionsResult,
  NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { derivedId } from '../../ids.ts';
import type { InstanceRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { doNotExist } from '../errors.ts';
import { applyFilters, shownFields, withoutValue } from '../filters.ts';
import { paginate } from '../pagination.ts';
import { tagList } from '../tag-shapes.ts';
import { findInstance, findInstances } from './lookup.ts';
import { checkMetadataOptions } from './metadata-options.ts';
import { networkInterface, publicAddressOf } from './network-interface.ts';
import { groupsOf, metadataOptionsOf } from './shape.ts';
import { isBurstable, usualCredits } from './types.ts';

/** Filters that look at what is shown of a network interface. */
const interfaceFilters = `
  association.ip-owner-id association.public-dns-name association.public-ip attachment.attach-time
  attachment.attachment-id attachment.delete-on-termination attachment.device-index attachment.instance-id
  attachment.instance-owner-id attachment.status availability-zone availability-zone-id description interface-type
  mac-address network-interface-id owner-id private-dns-name private-ip-address requester-managed source-dest-check
  status subnet-id vpc-id
`;

/** There are no elastic or IPv6 addresses, and no other services that make interfaces. */
const unknownOfInterfaces = `
  association.allocation-id association.association-id attachment.nat-instance-id ipv6-addresses.ipv6-address
  operator.principal requester-id
`;

/** What hangs on instances and has no record of its own: network interfaces, credits, metadata options. */
export function instanceFacetHandlers(context: CloudContext): HandlerTable {
  const { state, region } = context;
  const alive = () => Object.values(state.instances).filter((one) => one.state !== 'terminated');
  const interfaceId = (one: InstanceRecord) => derivedId('eni', one.id);
  const toInterface = (one: InstanceRecord): NetworkInterface => {
    const { Attachment, ...shape } = networkInterface(one, groupsOf(state, one));
    return {
      ...shape,
      InterfaceType: 'interface',
      Attachment: { ...Attachment, InstanceId: one.id, InstanceOwnerId: account.id },
      AvailabilityZone: one.availabilityZone,
      AvailabilityZoneId: region.zoneIds[one.availabilityZone],
      RequesterManaged: false,
      TagSet: tagList(one.options?.interfaceTags ?? {}),
    } as NetworkInterface;
  };
  const fields = {
    ...shownFields(interfaceFilters, toInterface),
    ...withoutValue(unknownOfInterfaces),
    'addresses.private-ip-address': (one: InstanceRecord) => one.address,
    'addresses.primary': () => 'true',
    'addresses.association.public-ip': publicAddressOf,
    'addresses.association.owner-id': (one: InstanceRecord) => publicAddressOf(one) && 'amazon',
    'group-id': (one: InstanceRecord) => one.securityGroupIds,
    'group-name': (one: InstanceRecord) => groupsOf(state, one).map(({ GroupName }) => GroupName),
    'operator.managed': () => 'false',
  };
  return {
    DescribeNetworkInterfaces: (input: DescribeNetworkInterfacesRequest): DescribeNetworkInterfacesResult => {
      const wanted = input.NetworkInterfaceIds ?? [];
      const unknown = wanted.filter((id) => !alive().some((one) => interfaceId(one) === id));
      if (unknown.length > 0) {
        throw new CloudError('InvalidNetworkInterfaceID.NotFound', doNotExist('networkInterface', unknown));
      }
      const asked = alive().filter((one) => wanted.length === 0 || wanted.includes(interfaceId(one)));
      const kept = applyFilters(asked, input.Filters, fields, (one) => one.options?.interfaceTags ?? {});
      const page = paginate(kept, input, { min: 5, max: 1000 }, interfaceId);
      return {
        NetworkInterfaces: page.items.map(toInterface),
        NextToken: page.nextToken,
      };
    },
    /** Without ids EC2 lists only burstable instances whose credits are `unlimited`. */
    DescribeInstanceCreditSpecifications: (
      input: DescribeInstanceCreditSpecificationsRequest,
    ): DescribeInstanceCreditSpecificationsResult => {
      const creditsOf = (one: InstanceRecord) => one.options?.cpuCredits ?? usualCredits(one.instanceType);
      const asked = input.InstanceIds?.length
        ? findInstances(state, input.InstanceIds)
        : alive().filter((one) => isBurstable(one.instanceType) && creditsOf(one) === 'unlimited');
      const fixed = asked.find((one) => !isBurstable(one.instanceType));
      if (fixed) {
        throw new CloudError(
          'InvalidInstanceID.NotSupported',
          `The instance '${fixed.id}' is of the type ${fixed.instanceType}, which is not burstable.`,
        );
      }
      const kept = applyFilters(asked, input.Filters, { 'instance-id': (one) => one.id });
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => one.id);
      return {
        InstanceCreditSpecifications: page.items.map((one) => ({ InstanceId: one.id, CpuCredits: creditsOf(one) })),
        NextToken: page.nextToken,
      };
    },
    ModifyInstanceMetadataOptions: (
      input: ModifyInstanceMetadataOptionsRequest,
    ): ModifyInstanceMetadataOptionsResult => {
      const record = findInstance(state, input.InstanceId);
      const { InstanceId: _id, DryRun: _dryRun, ...options } = input;
      record.metadataOptions = { ...record.metadataOptions, ...checkMetadataOptions(options) };
      context.changed();
      return { InstanceId: record.id, InstanceMetadataOptions: { ...metadataOptionsOf(record), State: 'pending' } };
    },
  };
}
