import type { SubnetMapping } from '@aws-sdk/client-elastic-load-balancing-v2';
import { findSubnet, findVpc, type NetworkContext } from '../network.ts';
import { CloudError } from '../wire/handler.ts';
import { invalid } from './errors.ts';

/**
 * The subnets of a load balancer and their VPC: one in each of two zones at the least.
 * @param inVpc where they must be; any one VPC when it is left out
 * @throws CloudError as CreateLoadBalancer and SetSubnets refuse
 */
export function checkSubnets(
  network: NetworkContext,
  { Subnets = [], SubnetMappings = [] }: { Subnets?: string[]; SubnetMappings?: SubnetMapping[] },
  inVpc?: string,
): { subnetIds: string[]; vpcId: string } {
  if (Subnets.length && SubnetMappings.length)
    throw invalid('Subnets and subnet mappings cannot be specified at the same time');
  if (SubnetMappings.some((one) => one.AllocationId || one.PrivateIPv4Address || one.IPv6Address))
    throw new CloudError(
      'InvalidConfigurationRequest',
      'Addresses cannot be specified for an application load balancer',
    );
  const ids = [...Subnets, ...SubnetMappings.map(({ SubnetId = '' }) => SubnetId)].filter(Boolean);
  const subnets = ids.map((id) => {
    const subnet = findSubnet(network, id);
    if (!subnet) throw new CloudError('SubnetNotFound', `The subnet ID '${id}' does not exist`);
    return subnet;
  });
  if (new Set(ids).size < 2)
    throw invalid('At least two subnets in two different Availability Zones must be specified');
  if (new Set(subnets.map(({ zone }) => zone)).size < ids.length)
    throw new CloudError(
      'InvalidConfigurationRequest',
      'A load balancer cannot be attached to multiple subnets in the same Availability Zone',
    );
  const [vpcId = '', ...others] = new Set([...(inVpc ? [inVpc] : []), ...subnets.map((one) => one.vpcId)]);
  if (others.length > 0)
    throw new CloudError('InvalidSubnet', `The subnets of a load balancer must be in one VPC ('${vpcId}')`);
  return { subnetIds: ids, vpcId };
}

/**
 * The security groups of a load balancer; the default one of its VPC where none is given.
 * @throws CloudError `InvalidSecurityGroup`, and `InvalidConfigurationRequest` for groups of another VPC
 */
export function checkSecurityGroups(network: NetworkContext, vpcId: string, given: string[] | undefined): string[] {
  const fallback = findVpc(network, vpcId)?.defaultSecurityGroupId ?? '';
  const ids = given?.length ? [...new Set(given)] : [fallback];
  const groups = network.state.securityGroups;
  const missing = ids.find((id) => !Object.hasOwn(groups, id) && id !== fallback);
  if (missing) throw new CloudError('InvalidSecurityGroup', `The security group '${missing}' does not exist`);
  if (ids.some((id) => groups[id] && groups[id].vpcId !== vpcId))
    throw new CloudError('InvalidConfigurationRequest', 'One or more security groups are invalid');
  return ids;
}
