import { invalid } from './errors.ts';
import { oneOf } from './validate.ts';

const types = ['ipv4', 'dualstack', 'dualstack-without-public-ipv4'] as const;

/**
 * The kind of addresses of a load balancer. No subnet here has an IPv6 block, so that `ipv4` is all there can be.
 * @throws CloudError `ValidationError` in AWS's words for the other kinds
 */
export function checkIpAddressType(given: string | undefined): 'ipv4' {
  const type = oneOf(given, 'ipAddressType', types, 'ipv4');
  if (type === 'ipv4') return type;
  throw invalid('You must specify subnets with an associated IPv6 CIDR block.');
}
