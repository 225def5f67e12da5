import type { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';

/** Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs; see the Service Quotas console. */
const onDemandStandard = { ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' };

/** Reserved Application Load Balancer Capacity Units (LCU) per Region; see the quotas of Application Load Balancers in the ELB user guide. */
const reservedUnits = { ServiceCode: 'elasticloadbalancing', QuotaCode: 'L-8A66D0E6' };

/** How many vCPUs of the usual instance types the account may run at once. @throws as the service does */
export function vcpuQuota(client: ServiceQuotasClient): Promise<number | undefined> {
  return read(client, onDemandStandard);
}

/** How many capacity units all Application Load Balancers of the region may reserve. @throws as the service does */
export function unitQuota(client: ServiceQuotasClient): Promise<number | undefined> {
  return read(client, reservedUnits);
}

// Loaded on demand, as few commands need it.
async function read(client: ServiceQuotasClient, quota: typeof onDemandStandard): Promise<number | undefined> {
  const { GetServiceQuotaCommand } = await import('@aws-sdk/client-service-quotas');
  const { Quota } = await client.send(new GetServiceQuotaCommand(quota));
  return Quota?.Value;
}
