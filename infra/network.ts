import { IpAddresses, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Fleet } from '../src/config/settings.ts';

/** The network of a fleet. */
export interface Network {
  vpcId: string;
  /** Subnets of the instances. */
  subnetIds: string[];
  balancerSubnetIds: string[];
}

/** The configured network of a fleet; undefined when there is none. */
export function namedNetwork({ instance, infrastructure }: Fleet): Network | undefined {
  const { vpcId, balancerSubnetIds } = infrastructure;
  if (vpcId === undefined) return undefined;
  return {
    vpcId,
    subnetIds: instance.subnetIds,
    balancerSubnetIds: balancerSubnetIds.length > 0 ? balancerSubnetIds : instance.subnetIds,
  };
}

/**
 * A network for an environment: private subnets for the instances, public ones for the balancer, in two zones. One NAT
 * gateway: the instances need the internet for releases only, and requests come through the load balancer.
 */
export function createNetwork(scope: Construct, environment: string): Network {
  const vpc = new Vpc(scope, 'Network', {
    vpcName: `golden-pipeline-${environment}`,
    // A /20 holds two generations of 350 instances in each of two zones with room to spare.
    ipAddresses: IpAddresses.cidr('10.64.0.0/16'),
    maxAzs: 2,
    natGateways: 1,
    subnetConfiguration: [
      { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 22 },
      { name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
    ],
  });
  return {
    vpcId: vpc.vpcId,
    subnetIds: vpc.privateSubnets.map((subnet) => subnet.subnetId),
    balancerSubnetIds: vpc.publicSubnets.map((subnet) => subnet.subnetId),
  };
}
