import type {
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidValue } from '../errors.ts';
import { applyFilters, shownFields } from '../filters.ts';
import { paginate } from '../pagination.ts';

/** Some types of the EC2 price list: virtual CPUs and memory in GiB. */
const offered: Record<string, { vcpus: number; gib: number; burstable: boolean }> = {
  't3.nano': { vcpus: 2, gib: 0.5, burstable: true },
  't3.micro': { vcpus: 2, gib: 1, burstable: true },
  't3.small': { vcpus: 2, gib: 2, burstable: true },
  't3.medium': { vcpus: 2, gib: 4, burstable: true },
  't3.large': { vcpus: 2, gib: 8, burstable: true },
  'm5.large': { vcpus: 2, gib: 8, burstable: false },
  'm5.xlarge': { vcpus: 4, gib: 16, burstable: false },
  'm5.2xlarge': { vcpus: 8, gib: 32, burstable: false },
  'c5.large': { vcpus: 2, gib: 4, burstable: false },
  'c5.xlarge': { vcpus: 4, gib: 8, burstable: false },
  'c5.2xlarge': { vcpus: 8, gib: 16, burstable: false },
  'r5.large': { vcpus: 2, gib: 16, burstable: false },
};

const typeFields = shownFields<InstanceTypeInfo>(
  `
  auto-recovery-supported bare-metal burstable-performance-supported current-generation dedicated-hosts-supported
  ebs-info.attachment-limit-type ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps
  ebs-info.ebs-optimized-info.baseline-iops ebs-info.ebs-optimized-info.baseline-throughput-in-mbps
  ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps ebs-info.ebs-optimized-info.maximum-iops
  ebs-info.ebs-optimized-info.maximum-throughput-in-mbps ebs-info.ebs-optimized-support ebs-info.encryption-support
  ebs-info.maximum-ebs-attachments ebs-info.nvme-support free-tier-eligible hibernation-supported hypervisor
  instance-storage-info.disk.count instance-storage-info.disk.size-in-gb instance-storage-info.disk.type
  instance-storage-info.encryption-support instance-storage-info.nvme-support instance-storage-info.total-size-in-gb
  instance-storage-supported instance-type memory-info.size-in-mib network-info.bandwidth-weightings
  network-info.efa-info.maximum-efa-interfaces network-info.efa-supported network-info.ena-support
  network-info.encryption-in-transit-supported network-info.flexible-ena-queues-support
  network-info.ipv4-addresses-per-interface network-info.ipv6-addresses-per-interface network-info.ipv6-supported
  network-info.maximum-network-cards network-info.maximum-network-interfaces network-info.network-performance
  nitro-enclaves-support nitro-tpm-info.supported-versions nitro-tpm-support processor-info.supported-architecture
  processor-info.supported-features processor-info.sustained-clock-speed-in-ghz reboot-migration-support
  supported-boot-mode supported-root-device-type supported-usage-class supported-virtualization-type
  vcpu-info.default-cores vcpu-info.default-threads-per-core vcpu-info.default-vcpus vcpu-info.valid-cores
  vcpu-info.valid-threads-per-core
`,
  (one) => one,
);

/** What is known of a type's processors; undefined for the many types that are only names here. */
export function typeFacts(type: string): { cores: number; threads: number } | undefined {
  return Object.hasOwn(offered, type) ? { cores: (offered[type]?.vcpus ?? 2) / 2, threads: 2 } : undefined;
}

/** Types whose processors go by credits. */
export function isBurstable(type: string): boolean {
  return /^t\d/.test(type);
}

/** EC2's default of a burstable type: those of the second generation stay within their credits. */
export function usualCredits(type: string): 'standard' | 'unlimited' {
  return type.startsWith('t2.') || type.startsWith('t1.') ? 'standard' : 'unlimited';
}

/** DescribeInstanceTypes and DescribeInstanceTypeOfferings: every type is offered everywhere. */
export function instanceTypeHandlers({ region }: CloudContext): HandlerTable {
  return {
    DescribeInstanceTypeOfferings: (
      input: DescribeInstanceTypeOfferingsRequest,
    ): DescribeInstanceTypeOfferingsResult => {
      const kind = input.LocationType ?? 'region';
      const places: Record<string, readonly string[]> = {
        region: [region.name],
        'availability-zone': region.zones,
        'availability-zone-id': Object.values(region.zoneIds),
      };
      const locations = Object.hasOwn(places, kind) ? places[kind] : undefined;
      if (!locations) throw invalidValue(`Invalid value '${kind}' for LocationType.`);
      const rows = locations.flatMap((Location) =>
        Object.keys(offered).map((type) => ({
          InstanceType: type as InstanceTypeInfo['InstanceType'],
          LocationType: kind,
          Location,
        })),
      );
      const kept = applyFilters(rows, input.Filters, {
        'instance-type': (one) => one.InstanceType,
        location: (one) => one.Location,
      });
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => `${one.InstanceType} ${one.Location}`);
      return { InstanceTypeOfferings: page.items, NextToken: page.nextToken };
    },
    DescribeInstanceTypes: (input: DescribeInstanceTypesRequest): DescribeInstanceTypesResult => {
      const asked: string[] = input.InstanceTypes?.length ? input.InstanceTypes : Object.keys(offered);
      const unknown = asked.filter((type) => !Object.hasOwn(offered, type));
      if (unknown.length > 0) {
        throw new CloudError(
          'InvalidInstanceType',
          `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
        );
      }
      const kept = applyFilters(asked.map(toInfo), input.Filters, typeFields);
      const page = paginate(kept, input, { min: 5, max: 100 }, (one) => one.InstanceType ?? '');
      return { InstanceTypes: page.items, NextToken: page.nextToken };
    },
  };
}

function toInfo(type: string): InstanceTypeInfo {
  const { vcpus, gib, burstable } = offered[type] ?? { vcpus: 0, gib: 0, burstable: false };
  return {
    InstanceType: type as InstanceTypeInfo['InstanceType'],
    CurrentGeneration: true,
    FreeTierEligible: type === 't3.micro',
    SupportedUsageClasses: ['on-demand'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: 'nitro',
    ProcessorInfo: { SupportedArchitectures: ['x86_64'], SustainedClockSpeedInGhz: 2.5 },
    VCpuInfo: { DefaultVCpus: vcpus, DefaultCores: vcpus / 2, DefaultThreadsPerCore: 2 },
    MemoryInfo: { SizeInMiB: gib * 1024 },
    InstanceStorageSupported: false,
    NetworkInfo: { MaximumNetworkInterfaces: 3, Ipv4AddressesPerInterface: 10, EnaSupport: 'required' },
    HibernationSupported: false,
    BurstablePerformanceSupported: burstable,
  };
}
