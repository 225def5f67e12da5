/** Delays that the cloud imposes, in milliseconds of its clock. `quick` is for demos and tests, `aws` is AWS-like. */
export interface Delays {
  /** RunInstances to the boot of the machine (instance state `pending`). */
  instancePending: number;
  /** From the boot of the machine to `running` at the least. */
  instanceBoot: number;
  /** TerminateInstances to `terminated` at the least. */
  instanceShutdown: number;
  /** CreateImage to `available` at the least; the snapshot itself may take longer. */
  imagePending: number;
  /** How long terminated instances stay visible in DescribeInstances. */
  terminatedVisible: number;
  /** CreateLoadBalancer to `active`. */
  balancerProvisioning: number;
  /** A draining target stays `draining` at least this long, even with nothing in flight, but no longer than its deregistration delay. */
  minimumDrain: number;
  /** ModifyCapacityReservation to `provisioned`. */
  capacityProvisioning: number;
}

export const delayProfiles: Record<'quick' | 'aws', Delays> = {
  quick: {
    instancePending: 150,
    instanceBoot: 300,
    instanceShutdown: 200,
    imagePending: 1000,
    terminatedVisible: 60_000,
    balancerProvisioning: 100,
    minimumDrain: 300,
    capacityProvisioning: 500,
  },
  aws: {
    instancePending: 5_000,
    instanceBoot: 25_000,
    instanceShutdown: 30_000,
    imagePending: 180_000,
    terminatedVisible: 3_600_000,
    balancerProvisioning: 120_000,
    // The longest deregistration delay there is: every target stays for the whole of its own, as AWS shows it.
    minimumDrain: 3_600_000,
    capacityProvisioning: 300_000,
  },
};

/** Fixed identities of the local cloud's account, region and network. */
export const account = {
  id: '000000000000',
  region: 'eu-west-1',
  vpcId: 'vpc-0a0a0a0a0a0a0a0a0',
  defaultSecurityGroupId: 'sg-0a0a0a0a0a0a0a0a0',
  zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
  subnets: {
    'eu-west-1a': 'subnet-0a0a0a0a0a0a0a0a1',
    'eu-west-1b': 'subnet-0a0a0a0a0a0a0a0a2',
    'eu-west-1c': 'subnet-0a0a0a0a0a0a0a0a3',
  } as Record<string, string>,
  /** The image every account starts with: a bare machine with an init and SSH. */
  baseImageId: 'ami-0ba5e000000000001',
  baseImageName: 'golden-base-1',
} as const;
