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
import { applyFilters } from '../filters.ts';
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
      const kept = applyFilters(asked.map(toInfo), input.Filters, {
        'instance-type': (one) => one.InstanceType,
        'current-generation': (one) => String(one.CurrentGeneration),
        'burstable-performance-supported': (one) => String(one.BurstablePerformanceSupported),
        'vcpu-info.default-vcpus': (one) => String(one.VCpuInfo?.DefaultVCpus),
        'memory-info.size-in-mib': (one) => String(one.MemoryInfo?.SizeInMiB),
        'processor-info.supported-architecture': () => 'x86_64',
      });
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
