import type { Tags } from './tags.ts';

/** Attributes of a VPC that were changed, or came with it. */
export interface VpcAttributes {
  enableDnsSupport?: boolean;
  enableDnsHostnames?: boolean;
  enableNetworkAddressUsageMetrics?: boolean;
}

export interface VpcRecord {
  cidr: string;
  defaultSecurityGroupId: string;
}

export interface SubnetRecord {
  vpcId: string;
  zone: string;
  cidr: string;
}

export interface SecurityGroupRecord {
  id: string;
  name: string;
  description: string;
  vpcId: string;
  ingress: SecurityGroupRuleRecord[];
  egress: SecurityGroupRuleRecord[];
  tags: Tags;
  /** Absent for default groups, which come with their VPC. */
  createdAt?: number;
}

export interface SecurityGroupRuleRecord {
  id: string;
  protocol: string;
  fromPort?: number;
  toPort?: number;
  /** IPv4 or IPv6 block. */
  cidr?: string;
  groupId?: string;
  description?: string;
  tags?: Tags;
}
