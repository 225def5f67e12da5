import type { Tags } from './tags.ts';

export interface TargetGroupRecord {
  arn: string;
  name: string;
  protocol: string;
  port: number;
  vpcId?: string;
  healthCheck: {
    path: string;
    protocol: string;
    /** `traffic-port` or a number. */
    port: string;
    intervalSeconds: number;
    timeoutSeconds: number;
    healthyThreshold: number;
    unhealthyThreshold: number;
    matcher: string;
  };
  attributes: Record<string, string>;
  targets: TargetRecord[];
  tags: Tags;
}

export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining' | 'unavailable';

export interface TargetRecord {
  /** Instance id. */
  id: string;
  port: number;
  state: TargetState;
  /** As in TargetHealth.Reason, e.g. `Elb.RegistrationInProgress`, `Target.DeregistrationInProgress`. */
  reason?: string;
  description?: string;
  registeredAt: number;
  drainingSince?: number;
}

/** Capacity units that are kept for a load balancer. */
export interface CapacityRecord {
  /** What was requested last; 0 after a reset. */
  units: number;
  /** What is in force until that is provisioned. */
  before: number;
  modifiedAt: number;
  /** When it was spread over other zones. */
  movedAt?: number;
  /** When the units of today were made fewer (midnight to midnight, UTC). */
  decreases: number[];
}

export interface LoadBalancerRecord {
  arn: string;
  name: string;
  dnsName: string;
  /** Its own loopback address. */
  address: string;
  scheme: string;
  type: string;
  state: 'provisioning' | 'active' | 'failed';
  createdAt: number;
  subnetIds: string[];
  securityGroupIds: string[];
  vpcId: string;
  attributes: Record<string, string>;
  tags: Tags;
  /** Absent while nothing was ever reserved. */
  capacity?: CapacityRecord;
}

export interface ListenerRecord {
  arn: string;
  loadBalancerArn: string;
  port: number;
  protocol: string;
  /** Actions in the SDK's shape. */
  defaultActions: Record<string, unknown>[];
  tags: Tags;
  /** Only what was set. */
  attributes?: Record<string, string>;
}

export interface RuleRecord {
  arn: string;
  listenerArn: string;
  priority: number;
  /** Conditions in the SDK's shape. */
  conditions: Record<string, unknown>[];
  actions: Record<string, unknown>[];
  tags: Tags;
}
