import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ListenerRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { listenerArn } from '../arns.ts';
import { changed, defaults, listed } from '../attributes.ts';
import { checkActions } from '../check-actions.ts';
import { invalid } from '../errors.ts';
import { findListener, findLoadBalancer } from '../find.ts';
import { checkListenerCount } from '../limits.ts';
import { listenerAttributes } from '../listener-attributes.ts';
import { showListener } from '../shapes.ts';
import { withTags } from '../tags.ts';
import { page, required, whole } from '../validate.ts';
import { type ElbParts, enforce } from './shared.ts';

/** Listeners with HTTP. */
export function listenerHandlers(parts: ElbParts): HandlerTable {
  const { state } = parts.context;

  function checkPort(given: number | undefined, balancerArn: string, self?: string): number {
    const port = whole(required(given, 'port'), 'port', 1, 65_535, 80);
    const other = Object.values(state.listeners).find(
      (one) => one.loadBalancerArn === balancerArn && one.port === port && one.arn !== self,
    );
    if (other)
      throw new CloudError(
        'DuplicateListener',
        `A listener already exists on port ${port} for this load balancer '${balancerArn}'`,
      );
    return port;
  }

  return {
    async CreateListener(input: elb.CreateListenerInput): Promise<elb.CreateListenerOutput> {
      const balancer = findLoadBalancer(state, input.LoadBalancerArn);
      checkProtocol(required(input.Protocol, 'protocol'));
      refuseTls(input);
      const port = checkPort(input.Port, balancer.arn);
      checkListenerCount(state, balancer.arn);
      const record: ListenerRecord = {
        ...{ arn: listenerArn(balancer.arn), loadBalancerArn: balancer.arn, port, protocol: 'HTTP' },
        ...{ defaultActions: checkActions(state, input.DefaultActions, balancer.arn), tags: withTags({}, input.Tags) },
      };
      state.listeners[record.arn] = record;
      await enforce(parts, () => {
        delete state.listeners[record.arn];
      });
      return { Listeners: [showListener(record)] };
    },

    DescribeListeners(input: elb.DescribeListenersInput): elb.DescribeListenersOutput {
      const { ListenerArns: arns = [], LoadBalancerArn: balancer } = input;
      if (!arns.length && !balancer) throw invalid('You must specify either listener ARNs or a load balancer ARN');
      const chosen = arns.length
        ? arns.map((arn) => findListener(state, arn))
        : Object.values(state.listeners).filter((one) => one.loadBalancerArn === findLoadBalancer(state, balancer).arn);
      if (balancer) findLoadBalancer(state, balancer);
      const { items, NextMarker } = page(chosen, input);
      return { Listeners: items.map(showListener), NextMarker };
    },

    async ModifyListener(input: elb.ModifyListenerInput): Promise<elb.ModifyListenerOutput> {
      const record = findListener(state, input.ListenerArn);
      if (input.Protocol) checkProtocol(input.Protocol);
      refuseTls(input);
      const { port, defaultActions } = record;
      const next = {
        port: input.Port === undefined ? port : checkPort(input.Port, record.loadBalancerArn, record.arn),
        defaultActions: input.DefaultActions?.length
          ? checkActions(state, input.DefaultActions, record.loadBalancerArn)
          : defaultActions,
      };
      Object.assign(record, next);
      await enforce(parts, () => Object.assign(record, { port, defaultActions }));
      return { Listeners: [showListener(record)] };
    },

    DescribeListenerAttributes(input: elb.DescribeListenerAttributesInput): elb.DescribeListenerAttributesOutput {
      return { Attributes: attributesOf(findListener(state, input.ListenerArn)) };
    },

    async ModifyListenerAttributes(
      input: elb.ModifyListenerAttributesInput,
    ): Promise<elb.ModifyListenerAttributesOutput> {
      const record = findListener(state, input.ListenerArn);
      const before = record.attributes;
      record.attributes = changed(
        listenerAttributes,
        before ?? {},
        required(input.Attributes?.length ? input.Attributes : undefined, 'listener attribute'),
      );
      await enforce(parts, () => {
        record.attributes = before;
      });
      return { Attributes: attributesOf(record) };
    },

    async DeleteListener(input: elb.DeleteListenerInput): Promise<elb.DeleteListenerOutput> {
      const record = findListener(state, input.ListenerArn);
      delete state.listeners[record.arn];
      for (const rule of Object.values(state.rules)) if (rule.listenerArn === record.arn) delete state.rules[rule.arn];
      await enforce(parts, () => {});
      return {};
    },
  };
}

function checkProtocol(protocol: string): void {
  if (protocol !== 'HTTP')
    throw new CloudError('UnsupportedProtocol', `Protocol '${protocol}' is not supported by this cloud: use HTTP`);
}

/** What only listeners with TLS have; this cloud has none of those. */
function refuseTls(
  input: Pick<elb.CreateListenerInput, 'Certificates' | 'SslPolicy' | 'AlpnPolicy' | 'MutualAuthentication'>,
) {
  if (input.Certificates?.length) throw invalid('A certificate cannot be specified for HTTP listeners');
  if (input.SslPolicy) throw invalid('An SSL policy cannot be specified for HTTP listeners');
  if (input.AlpnPolicy?.some((one) => one !== 'None'))
    throw invalid('An ALPN policy cannot be specified for HTTP listeners');
  if (input.MutualAuthentication && input.MutualAuthentication.Mode !== 'off')
    throw invalid('Mutual authentication cannot be specified for HTTP listeners');
}

function attributesOf({ attributes }: ListenerRecord): elb.ListenerAttribute[] {
  return listed({ ...defaults(listenerAttributes), ...attributes });
}
