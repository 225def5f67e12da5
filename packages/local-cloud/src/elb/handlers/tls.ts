import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { findListener } from '../find.ts';
import { sslPolicies } from '../ssl-policies.ts';
import { oneOf, page } from '../validate.ts';
import type { ElbParts } from './shared.ts';

/** What clients ask about TLS. Listeners here speak HTTP, and have no certificates. */
export function tlsHandlers({ context }: ElbParts): HandlerTable {
  const { state } = context;
  return {
    DescribeSSLPolicies(input: elb.DescribeSSLPoliciesInput): elb.DescribeSSLPoliciesOutput {
      const names = input.Names ?? [];
      const kinds = ['application', 'network', 'gateway'] as const;
      const type = input.LoadBalancerType && oneOf(input.LoadBalancerType, 'loadBalancerType', kinds, 'application');
      const unknown = names.filter((name) => !sslPolicies.some((one) => one.Name === name));
      if (unknown.length > 0)
        throw new CloudError('SSLPolicyNotFound', `SSL policies '[${unknown.join(', ')}]' not found`);
      const chosen = sslPolicies.filter(
        (one) =>
          (names.length === 0 || names.includes(one.Name ?? '')) &&
          (!type || one.SupportedLoadBalancerTypes?.includes(type)),
      );
      const { items, NextMarker } = page(chosen, input);
      return { SslPolicies: items, NextMarker };
    },

    DescribeListenerCertificates(input: elb.DescribeListenerCertificatesInput): elb.DescribeListenerCertificatesOutput {
      findListener(state, input.ListenerArn);
      return { Certificates: [] };
    },
  };
}
