import type { InstanceOptions, Tags } from '../../model.ts';
import { CloudError } from '../../wire/handler.ts';
import { invalidCombination, invalidValue, unsupported } from '../errors.ts';
import type { LaunchData } from './launch-data.ts';
import { isBurstable, typeFacts } from './types.ts';
import { refuseUnserved } from './unserved-options.ts';

/**
 * What a launch asks for beside image, type, network and volumes. All of it is kept and shown; what this cloud has not is refused.
 * @param data the request over its template
 * @throws CloudError as RunInstances refuses, or `UnsupportedOperation` for what AWS has and this cloud has not
 */
export function launchOptions(data: LaunchData, instanceType: string, interfaceTags: Tags): InstanceOptions {
  refuseUnserved(data);
  const [face] = data.NetworkInterfaces ?? [];
  const {
    HostnameType,
    EnableResourceNameDnsARecord: a,
    EnableResourceNameDnsAAAARecord: aaaa,
  } = data.PrivateDnsNameOptions ?? {};
  const options: InstanceOptions = {
    ebsOptimized: data.EbsOptimized,
    monitoring: data.Monitoring?.Enabled,
    tenancy: readTenancy(data.Placement?.Tenancy),
    cpuCredits: readCredits(data.CreditSpecification?.CpuCredits, instanceType),
    cpu: readCpu(data.CpuOptions, instanceType),
    enclave: data.EnclaveOptions?.Enabled,
    disableApiStop: data.DisableApiStop,
    autoRecovery: oneOf('autoRecovery', data.MaintenanceOptions?.AutoRecovery, ['default', 'disabled']),
    dnsNames: data.PrivateDnsNameOptions && {
      hostnameType: oneOf('hostnameType', HostnameType, ['ip-name', 'resource-name']),
      ...{ a, aaaa },
    },
    bandwidthWeighting: oneOf('bandwidthWeighting', data.NetworkPerformanceOptions?.BandwidthWeighting, [
      ...['default', 'vpc-1', 'ebs-1'],
    ]),
    capacityReservation: readReservation(data.CapacityReservationSpecification),
    publicAddress: face?.AssociatePublicIpAddress,
    interfaceDescription: face?.Description || undefined,
    interfaceTags: Object.keys(interfaceTags).length > 0 ? interfaceTags : undefined,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function readTenancy(tenancy: string | undefined): InstanceOptions['tenancy'] {
  if (tenancy === 'host') throw unsupported("The tenancy 'host' is not supported by this cloud: there are no hosts");
  return oneOf('tenancy', tenancy, ['default', 'dedicated']);
}

/** @throws CloudError for a type that has no credits */
export function readCredits(asked: string | undefined, instanceType: string): InstanceOptions['cpuCredits'] {
  if (!asked) return undefined;
  const credits = oneOf('cpuCredits', asked, ['standard', 'unlimited'] as const);
  if (isBurstable(instanceType)) return credits;
  throw invalidCombination(
    `The CPU credit option '${asked}' is for burstable performance instances only, which ${instanceType} is not`,
  );
}

function readCpu(asked: LaunchData['CpuOptions'], instanceType: string): InstanceOptions['cpu'] {
  if (!asked) return undefined;
  const { CoreCount: cores, ThreadsPerCore: threads, AmdSevSnp: snp, NestedVirtualization: nested } = asked;
  if (snp === 'enabled' || nested === 'enabled')
    throw unsupported('AMD SEV-SNP and nested virtualization are not supported by this cloud');
  if (cores === undefined && threads === undefined) return undefined;
  if (cores === undefined || threads === undefined)
    throw invalidCombination('CpuOptions must have both CoreCount and ThreadsPerCore');
  const most = typeFacts(instanceType)?.cores;
  if (!Number.isInteger(cores) || cores < 1 || (most !== undefined && cores > most))
    throw invalidValue(`CoreCount ${cores} is invalid for ${instanceType}${most ? `: from 1 to ${most}` : ''}`);
  if (threads !== 1 && threads !== 2) throw invalidValue(`ThreadsPerCore ${threads} is invalid: 1 or 2`);
  return { cores, threads };
}

function readReservation(
  asked: LaunchData['CapacityReservationSpecification'],
): InstanceOptions['capacityReservation'] {
  const { CapacityReservationPreference: preference, CapacityReservationTarget: target } = asked ?? {};
  if (target) throw unsupported('Capacity reservations are not supported by this cloud: there is none to be a target');
  if (preference === 'capacity-reservations-only')
    throw new CloudError(
      'ReservationCapacityExceeded',
      'There is no capacity reservation that the instance could run in',
    );
  return oneOf('capacityReservationPreference', preference, ['open', 'none']);
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined || value === '') return undefined;
  if ((allowed as readonly string[]).includes(value)) return value as T;
  throw invalidValue(`Value (${value}) for parameter ${name} is invalid: ${allowed.join(', ')}`);
}
