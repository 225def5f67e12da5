import type { Instance } from '@aws-sdk/client-ec2';
import type { InstanceRecord } from '../../model.ts';
import { typeFacts } from './types.ts';

/** What a launch asked for, over EC2's defaults, as DescribeInstances tells it. */
export function optionsShown(record: InstanceRecord) {
  const { options = {}, availabilityZone: AvailabilityZone, instanceType, state } = record;
  const usual = typeFacts(instanceType);
  const { cores = usual?.cores, threads = usual?.threads } = options.cpu ?? {};
  const on = options.monitoring ? (state === 'pending' ? 'pending' : 'enabled') : 'disabled';
  const { hostnameType = 'ip-name', a = false, aaaa = false } = options.dnsNames ?? {};
  return {
    Placement: { AvailabilityZone, GroupName: '', Tenancy: options.tenancy ?? 'default' },
    Monitoring: { State: on },
    EbsOptimized: options.ebsOptimized ?? false,
    EnaSupport: options.enaSupport ?? true,
    SriovNetSupport: options.sriovNetSupport,
    CpuOptions: cores === undefined ? undefined : { CoreCount: cores, ThreadsPerCore: threads },
    EnclaveOptions: { Enabled: options.enclave ?? false },
    HibernationOptions: { Configured: false },
    CapacityReservationSpecification: { CapacityReservationPreference: options.capacityReservation ?? 'open' },
    MaintenanceOptions: { AutoRecovery: options.autoRecovery ?? 'default' },
    NetworkPerformanceOptions: { BandwidthWeighting: options.bandwidthWeighting ?? 'default' },
    PrivateDnsNameOptions: {
      HostnameType: hostnameType,
      EnableResourceNameDnsARecord: a,
      EnableResourceNameDnsAAAARecord: aaaa,
    },
  } as Partial<Instance>;
}
