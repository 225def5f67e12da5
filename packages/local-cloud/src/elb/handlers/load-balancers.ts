import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { LoadBalancerRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { loadBalancerArn } from '../arns.ts';
import { changed, checkLogs, defaultsOf, listed, loadBalancerAttributes } from '../attributes.ts';
import { checkSecurityGroups, checkSubnets } from '../check-network.ts';
import { invalid } from '../errors.ts';
import { findLoadBalancer } from '../find.ts';
import { checkIpAddressType } from '../ip-address-type.ts';
import { checkBalancerCount } from '../limits.ts';
import { showLoadBalancer } from '../shapes.ts';
import { withTags } from '../tags.ts';
import { oneOf, page, resourceName } from '../validate.ts';
import { type ElbParts, enforce } from './shared.ts';

/** Load balancers: `application` ones, each on a loopback address of its own. */
export function loadBalancerHandlers(parts: ElbParts): HandlerTable {
  const { context } = parts;
  const { state, region } = context;

  // Those that a former daemon left provisioning become active too.
  for (const record of Object.values(state.loadBalancers)) if (record.state === 'provisioning') provision(record);

  function provision(record: LoadBalancerRecord): void {
    context.clock.after(context.delays.balancerProvisioning, () => void activate(record));
  }

  async function activate(record: LoadBalancerRecord): Promise<void> {
    if (state.loadBalancers[record.arn] !== record || record.state !== 'provisioning') return;
    record.state = 'active';
    await enforce(parts, () => {
      record.state = 'failed';
    }).catch(() => {});
  }

  return {
    CreateLoadBalancer(input: elb.CreateLoadBalancerInput): elb.CreateLoadBalancerOutput {
      const name = resourceName(input.Name, 'load balancer');
      if (name.startsWith('internal-')) throw invalid(`The load balancer name '${name}' cannot begin with 'internal-'`);
      const type = oneOf(input.Type, 'type', ['application'] as const, 'application');
      const scheme = oneOf(input.Scheme, 'scheme', ['internet-facing', 'internal'] as const, 'internet-facing');
      checkIpAddressType(input.IpAddressType);
      refusePools(input);
      const { subnetIds, vpcId } = checkSubnets(context, input);
      const securityGroupIds = checkSecurityGroups(context, vpcId, input.SecurityGroups);
      const known = Object.values(state.loadBalancers).find((other) => other.name === name);
      if (known) {
        const same =
          known.scheme === scheme &&
          sameSet(known.subnetIds, subnetIds) &&
          sameSet(known.securityGroupIds, securityGroupIds);
        if (same) return { LoadBalancers: [showLoadBalancer(context, known)] };
        throw new CloudError(
          'DuplicateLoadBalancerName',
          `A load balancer with the same name '${name}' exists, but with different settings`,
        );
      }
      checkBalancerCount(state);
      const tags = withTags({}, input.Tags);
      const address = context.takeBalancerAddress();
      const record: LoadBalancerRecord = {
        ...{
          arn: loadBalancerArn(region.name, name),
          name,
          dnsName: address,
          address,
          scheme,
          type,
          state: 'provisioning',
        },
        ...{ createdAt: context.clock.now(), subnetIds, securityGroupIds, vpcId },
        ...{ attributes: defaultsOf({ scheme }), tags },
      };
      state.loadBalancers[record.arn] = record;
      context.changed();
      provision(record);
      return { LoadBalancers: [showLoadBalancer(context, record)] };
    },

    DescribeLoadBalancers(input: elb.DescribeLoadBalancersInput): elb.DescribeLoadBalancersOutput {
      const { LoadBalancerArns: arns = [], Names: names = [] } = input;
      if (arns.length && names.length)
        throw invalid('Load balancer names and ARNs cannot be specified at the same time');
      const all = Object.values(state.loadBalancers);
      const absent = names.find((name) => !all.some((one) => one.name === name));
      if (absent !== undefined) throw new CloudError('LoadBalancerNotFound', `Load balancers '[${absent}]' not found`);
      const chosen = arns.length
        ? arns.map((arn) => findLoadBalancer(state, arn))
        : all.filter((one) => !names.length || names.includes(one.name));
      const { items, NextMarker } = page(chosen, input);
      return { LoadBalancers: items.map((one) => showLoadBalancer(context, one)), NextMarker };
    },

    async DeleteLoadBalancer(input: elb.DeleteLoadBalancerInput): Promise<elb.DeleteLoadBalancerOutput> {
      const record = state.loadBalancers[input.LoadBalancerArn ?? ''];
      // As on AWS, what is gone already counts as deleted.
      if (!record) return {};
      if (record.attributes['deletion_protection.enabled'] === 'true')
        throw new CloudError(
          'OperationNotPermitted',
          `Load balancer '${record.arn}' cannot be deleted because deletion protection is enabled`,
        );
      delete state.loadBalancers[record.arn];
      for (const listener of Object.values(state.listeners).filter((one) => one.loadBalancerArn === record.arn)) {
        delete state.listeners[listener.arn];
        for (const rule of Object.values(state.rules))
          if (rule.listenerArn === listener.arn) delete state.rules[rule.arn];
      }
      await enforce(parts, () => {});
      return {};
    },

    async ModifyLoadBalancerAttributes(
      input: elb.ModifyLoadBalancerAttributesInput,
    ): Promise<elb.ModifyLoadBalancerAttributesOutput> {
      const record = findLoadBalancer(state, input.LoadBalancerArn);
      const before = record.attributes;
      record.attributes = checkLogs(changed(loadBalancerAttributes, before, input.Attributes));
      await enforce(parts, () => {
        record.attributes = before;
      });
      return { Attributes: attributesOf(record) };
    },

    DescribeLoadBalancerAttributes(
      input: elb.DescribeLoadBalancerAttributesInput,
    ): elb.DescribeLoadBalancerAttributesOutput {
      return { Attributes: attributesOf(findLoadBalancer(state, input.LoadBalancerArn)) };
    },
  };
}

/** What was set over the defaults: a record of before may lack an attribute that came later. */
function attributesOf(record: LoadBalancerRecord): elb.LoadBalancerAttribute[] {
  return listed({ ...defaultsOf(record), ...record.attributes });
}

/** Addresses come from the loopback block, never from a pool of the caller's. */
function refusePools(input: elb.CreateLoadBalancerInput): void {
  const { CustomerOwnedIpv4Pool: owned, IpamPools: pools, EnablePrefixForIpv6SourceNat: nat } = input;
  if (!owned && !pools && (!nat || nat === 'off')) return;
  throw new CloudError(
    'InvalidConfigurationRequest',
    'Address pools and prefixes for IPv6 are not supported by this cloud: leave CustomerOwnedIpv4Pool, IpamPools and EnablePrefixForIpv6SourceNat out',
  );
}

function sameSet(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((value) => b.includes(value));
}
