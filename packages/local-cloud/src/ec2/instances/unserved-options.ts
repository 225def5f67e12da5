import { CloudError } from '../../wire/handler.ts';
import { invalidCombination, unsupported } from '../errors.ts';
import type { LaunchData } from './launch-data.ts';

type Interface = NonNullable<LaunchData['NetworkInterfaces']>[number];

/** Launch options of AWS that this cloud does not have, and what shows that one is requested. */
const unserved: readonly [what: string, asked: (data: LaunchData) => unknown][] = [
  ['Spot instances and capacity blocks (InstanceMarketOptions)', (data) => data.InstanceMarketOptions?.MarketType],
  ['choosing types by InstanceRequirements', (data) => data.InstanceRequirements],
  ['kernels and RAM disks of their own', (data) => data.KernelId || data.RamdiskId || data.RamDiskId],
  ['Elastic Graphics', (data) => data.ElasticGpuSpecification?.length || data.ElasticGpuSpecifications?.length],
  ['Elastic Inference', (data) => data.ElasticInferenceAccelerators?.length],
  ['license configurations', (data) => data.LicenseSpecifications?.length],
  ['managed instances (Operator)', (data) => data.Operator],
  ['secondary interfaces', (data) => data.SecondaryInterfaces?.length],
  ['IPv6', (data) => data.Ipv6AddressCount || data.Ipv6Addresses?.length || data.EnablePrimaryIpv6],
  ['a private address of choice', (data) => data.PrivateIpAddress],
  [
    'dedicated hosts and partitions (Placement)',
    ({ Placement: at = {} }) =>
      at.HostId || at.HostResourceGroupArn || at.Affinity || at.SpreadDomain || at.PartitionNumber,
  ],
];

const unservedOfInterface: readonly [what: string, asked: (face: Interface) => unknown][] = [
  ['a private address of choice', (face) => face.PrivateIpAddress || face.PrivateIpAddresses?.length],
  ['more than one private address', (face) => face.SecondaryPrivateIpAddressCount],
  ['address prefixes', (face) => face.Ipv4PrefixCount || face.Ipv4Prefixes?.length],
  [
    'IPv6',
    (face) =>
      face.Ipv6AddressCount ||
      face.Ipv6Addresses?.length ||
      face.Ipv6PrefixCount ||
      face.Ipv6Prefixes?.length ||
      face.PrimaryIpv6,
  ],
  ['carrier addresses', (face) => face.AssociateCarrierIpAddress],
  [`interfaces of other types than 'interface'`, (face) => face.InterfaceType && face.InterfaceType !== 'interface'],
  ['more than one network card', (face) => face.NetworkCardIndex],
  ['interfaces that outlive their instance (DeleteOnTermination false)', (face) => face.DeleteOnTermination === false],
  ['ENA Express and queues', (face) => face.EnaSrdSpecification?.EnaSrdEnabled || face.EnaQueueCount],
  ['connection tracking', (face) => face.ConnectionTrackingSpecification],
];

/**
 * Refuses what nothing here could give: a launch without it would only look like the requested one.
 * @throws CloudError `UnsupportedOperation`, or AWS's own code where the refusal is AWS's as well
 */
export function refuseUnserved(data: LaunchData): void {
  if (data.HibernationOptions?.Configured) {
    throw new CloudError(
      'UnsupportedHibernationConfiguration',
      'Hibernation is not supported by this cloud: leave HibernationOptions out',
    );
  }
  const group = data.Placement?.GroupName || data.Placement?.GroupId;
  if (group) throw new CloudError('InvalidPlacementGroup.Unknown', `The Placement Group '${group}' is unknown.`);
  const [what] = unserved.find(([, asked]) => asked(data)) ?? [];
  if (what) throw notServed(what);
  const faces = data.NetworkInterfaces ?? [];
  const existing = faces.find((face) => face.NetworkInterfaceId)?.NetworkInterfaceId;
  if (existing) {
    throw new CloudError(
      'InvalidNetworkInterfaceID.NotFound',
      `The networkInterface ID '${existing}' does not exist: interfaces come with their instances here`,
    );
  }
  for (const face of faces) {
    const [part] = unservedOfInterface.find(([, asked]) => asked(face)) ?? [];
    if (part) throw notServed(part);
  }
  if (new Set(faces.map((face) => face.DeviceIndex ?? 0)).size < faces.length)
    throw invalidCombination('Each network interface requires a unique device index.');
  if (faces.length > 1) throw notServed('more than one network interface');
}

function notServed(what: string): CloudError {
  return unsupported(`Not supported by this cloud: ${what}`);
}
