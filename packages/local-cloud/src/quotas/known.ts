import type { CloudState } from '../model.ts';

/** A quota as Service Quotas describes it. */
export interface Quota {
  ServiceCode: string;
  QuotaCode: string;
  QuotaName: string;
  Value: number;
  Unit: string;
  Adjustable: boolean;
}

/** Codes of the quotas that the cloud holds its own operations to. */
export const quotaCodes = {
  /** Reserved capacity units of all Application Load Balancers of a region. */
  unitsOfRegion: 'L-8A66D0E6',
  /** Reserved capacity units of one Application Load Balancer. */
  unitsOfBalancer: 'L-0BB7B635',
} as const;

/**
 * What an account may use before it asks for more. For vCPUs that is not AWS's default, which is 5 for a new account, but what a team
 * has after it has asked: enough for twice 350 machines of two vCPUs. Capacity units are AWS's defaults (Elastic Load Balancing
 * user guide, quotas of Application Load Balancers): none at all for a region, 15,000 for a load balancer.
 */
const known: readonly Quota[] = [
  {
    ...{ ServiceCode: 'ec2', QuotaCode: 'L-1216C47A', Value: 1920, Unit: 'None', Adjustable: true },
    QuotaName: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
  },
  {
    ...{ ServiceCode: 'elasticloadbalancing', QuotaCode: quotaCodes.unitsOfRegion, Value: 0, Unit: 'None' },
    ...{ Adjustable: true, QuotaName: 'Reserved Application Load Balancer Capacity Units (LCU) per Region' },
  },
  {
    ...{ ServiceCode: 'elasticloadbalancing', QuotaCode: quotaCodes.unitsOfBalancer, Value: 15_000, Unit: 'None' },
    ...{
      Adjustable: true,
      QuotaName: 'Reserved Application Load Balancer Capacity Units per Application Load Balancer',
    },
  },
];

/** All quotas of a region, with what has been granted over the defaults. */
export function quotasOf(state: CloudState): Quota[] {
  return known.map((quota) => ({ ...quota, Value: state.quotas?.[quota.QuotaCode] ?? quota.Value }));
}

/** The value of a quota that the cloud has; 0 for others. */
export function quotaValue(state: CloudState, code: string): number {
  return quotasOf(state).find((quota) => quota.QuotaCode === code)?.Value ?? 0;
}
