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
import { applyFilters } from '../filters.ts';
import { paginate } from '../pagination.ts';
import { tagList } from '../tag-shapes.ts';
import { findInstance, findInstances } from './lookup.ts';
import { privateDnsName } from './machines.ts';
import { checkMetadataOptions } from './metadata-options.ts';
import { networkInterface } from './network-interface.ts';
import { groupsOf, metadataOptionsOf } from './shape.ts';
import { isBurstable, usualCredits } from './types.ts';

/** What hangs on instances and has no record of its own: network interfaces, credits, metadata options. */
export function instanceFacetHandlers(context: CloudContext): HandlerTable {
  const { state } = context;
  const alive = () => Object.values(state.instances).filter((one) => one.state !== 'terminated');
  const interfaceId = (one: InstanceRecord) => derivedId('eni', one.id);
  return {
    DescribeNetworkInterfaces: (input: DescribeNetworkInterfacesRequest): DescribeNetworkInterfacesResult => {
      const wanted = input.NetworkInterfaceIds ?? [];
      const unknown = wanted.filter((id) => !alive().some((one) => interfaceId(one) === id));
      if (unknown.length > 0) {
        throw new CloudError('InvalidNetworkInterfaceID.NotFound', doNotExist('networkInterface', unknown));
      }
      const asked = alive().filter((one) => wanted.length === 0 || wanted.includes(interfaceId(one)));
      const kept = applyFilters(
        asked,
        input.Filters,
        {
          'network-interface-id': interfaceId,
          'attachment.instance-id': (one) => one.id,
          'attachment.status': () => 'attached',
          'availability-zone': (one) => one.availabilityZone,
          'group-id': (one) => one.securityGroupIds,
          'private-ip-address': (one) => one.address,
          'addresses.private-ip-address': (one) => one.address,
          'private-dns-name': privateDnsName,
          'subnet-id': (one) => one.subnetId,
          'vpc-id': (one) => one.vpcId,
          status: () => 'in-use',
          'interface-type': () => 'interface',
        },
        (one) => one.options?.interfaceTags ?? {},
      );
      const page = paginate(kept, input, { min: 5, max: 1000 }, interfaceId);
      return {
        NetworkInterfaces: page.items.map((one): NetworkInterface => {
          const { Attachment, InterfaceType: _type, ...shape } = networkInterface(one, groupsOf(state, one));
          return {
            ...shape,
            InterfaceType: 'interface',
            Attachment: { ...Attachment, InstanceId: one.id, InstanceOwnerId: account.id },
            AvailabilityZone: one.availabilityZone,
            RequesterManaged: false,
            TagSet: tagList(one.options?.interfaceTags ?? {}),
          } as NetworkInterface;
        }),
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
