import type { SubnetMapping } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { CloudState } from '../model.ts';
import { type Region, zoneOfSubnet } from '../regions.ts';
import { CloudError } from '../wire/handler.ts';
import { invalid } from './validate.ts';

/**
 * The subnets of a load balancer, one in each of two zones at the least.
 * @throws CloudError as CreateLoadBalancer and SetSubnets refuse
 */
export function checkSubnets(
  region: Region,
  { Subnets = [], SubnetMappings = [] }: { Subnets?: string[]; SubnetMappings?: SubnetMapping[] },
): string[] {
  if (Subnets.length && SubnetMappings.length)
    throw invalid('Subnets and subnet mappings cannot be specified at the same time');
  if (SubnetMappings.some((one) => one.AllocationId || one.PrivateIPv4Address || one.IPv6Address))
    throw new CloudError(
      'InvalidConfigurationRequest',
      'Addresses cannot be specified for an application load balancer',
    );
  const ids = [...Subnets, ...SubnetMappings.map(({ SubnetId = '' }) => SubnetId)].filter(Boolean);
  const unknown = ids.find((id) => zoneOfSubnet(region, id) === undefined);
  if (unknown) throw new CloudError('SubnetNotFound', `The subnet ID '${unknown}' does not exist`);
  if (new Set(ids).size < 2)
    throw invalid('At least two subnets in two different Availability Zones must be specified');
  if (new Set(ids).size < ids.length)
    throw new CloudError(
      'InvalidConfigurationRequest',
      'A load balancer cannot be attached to multiple subnets in the same Availability Zone',
    );
  return ids;
}

/**
 * The security groups of a load balancer; the default one where none is given.
 * @throws CloudError `InvalidSecurityGroup`
 */
export function checkSecurityGroups(state: CloudState, region: Region, given: string[] | undefined): string[] {
  const ids = given?.length ? [...new Set(given)] : [region.defaultSecurityGroupId];
  const missing = ids.find((id) => !Object.hasOwn(state.securityGroups, id) && id !== region.defaultSecurityGroupId);
  if (missing) throw new CloudError('InvalidSecurityGroup', `The security group '${missing}' does not exist`);
  return ids;
}
