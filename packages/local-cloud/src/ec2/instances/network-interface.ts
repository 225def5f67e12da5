import type { GroupIdentifier, InstanceNetworkInterface } from '@aws-sdk/client-ec2';
import { derivedId } from '../../ids.ts';
import type { InstanceRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { privateDnsName } from './machines.ts';

/** The one network interface of an instance. */
export function networkInterface(record: InstanceRecord, groups: GroupIdentifier[]): InstanceNetworkInterface {
  const { address, options = {} } = record;
  const publicAddress = publicAddressOf(record);
  const Association = publicAddress ? { IpOwnerId: 'amazon', PublicDnsName: '', PublicIp: publicAddress } : undefined;
  const names = { PrivateDnsName: privateDnsName(record), PrivateIpAddress: address };
  return {
    NetworkInterfaceId: derivedId('eni', record.id),
    OwnerId: account.id,
    Description: options.interfaceDescription ?? '',
    ...names,
    PrivateIpAddresses: [{ Primary: true, ...names, Association }],
    Association,
    MacAddress: macAddress(record.id),
    SubnetId: record.subnetId,
    VpcId: record.vpcId,
    Groups: groups,
    Ipv6Addresses: [],
    Status: 'in-use',
    InterfaceType: 'interface',
    SourceDestCheck: options.sourceDestCheck ?? true,
    Attachment: {
      AttachmentId: derivedId('eni-attach', record.id),
      DeviceIndex: 0,
      NetworkCardIndex: 0,
      Status: 'attached',
      DeleteOnTermination: true,
      AttachTime: new Date(record.launchTime),
    },
  };
}

/**
 * The address that an instance is reached at from outside, where its launch asked for one: there is no outside here, so it is the
 * one that it has. As in EC2 it is only there while the instance is on.
 */
export function publicAddressOf({ address, options, state }: InstanceRecord): string | undefined {
  return options?.publicAddress && (state === 'pending' || state === 'running') ? address : undefined;
}

/** A locally administered address, the same for the life of the instance. */
function macAddress(instanceId: string): string {
  const digits = derivedId('eni', instanceId).slice(-10);
  return `02:${(digits.match(/../g) ?? []).join(':')}`;
}
