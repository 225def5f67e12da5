import type { Action, ForwardActionConfig } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { CloudState } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { invalid } from './errors.ts';
import { findTargetGroup, forwardsTo, usage } from './find.ts';
import { stickySeconds } from './haproxy/group-stickiness.ts';
import { oneOf, printable, required, whole } from './validate.ts';

/** Content types of a fixed response, from the API reference. */
const contentTypes = ['text/plain', 'text/css', 'text/html', 'application/javascript', 'application/json'] as const;

/** Checks the actions of a listener or rule and returns them as they are kept. A load balancer's address is the only network they reach. */
export function checkActions(
  state: CloudState,
  given: Action[] | undefined,
  balancerArn: string,
): Record<string, unknown>[] {
  if (given?.length !== 1) throw invalid('Exactly one action must be specified: forward, redirect or fixed-response');
  const actions = given.map((action) => checkAction(state, action));
  const uses = usage(state);
  const vpcId = state.loadBalancers[balancerArn]?.vpcId;
  for (const arn of forwardsTo(actions)) {
    const own = state.targetGroups[arn]?.vpcId;
    if (own !== undefined && vpcId !== undefined && own !== vpcId)
      throw new CloudError(
        'InvalidConfigurationRequest',
        `Target group '${arn}' is in a different VPC than load balancer '${balancerArn}'`,
      );
    if ([...(uses.get(arn) ?? [])].some((other) => other !== balancerArn))
      throw new CloudError(
        'TargetGroupAssociationLimit',
        `The following target groups cannot be associated with more than one load balancer: ${arn}`,
      );
  }
  return actions;
}

function checkAction(state: CloudState, action: Action): Record<string, unknown> {
  const order = action.Order === undefined ? {} : { Order: whole(action.Order, 'Order', 1, 50_000, 1) };
  switch (action.Type) {
    case 'forward':
      return { Type: 'forward', ...order, ...checkForward(state, action) };
    case 'fixed-response':
      return { Type: 'fixed-response', ...order, FixedResponseConfig: checkFixedResponse(action) };
    case 'redirect':
      return { Type: 'redirect', ...order, RedirectConfig: checkRedirect(action) };
    default:
      throw invalid(`Action type '${action.Type}' must be one of 'forward,redirect,fixed-response'`);
  }
}

function checkForward(state: CloudState, action: Action): Record<string, unknown> {
  const listed = action.ForwardConfig?.TargetGroups ?? [];
  if (!listed.length) {
    const group = findTargetGroup(state, action.TargetGroupArn);
    return { TargetGroupArn: group.arn, ForwardConfig: { TargetGroups: [{ TargetGroupArn: group.arn, Weight: 1 }] } };
  }
  if (listed.length > 5)
    throw new CloudError('TooManyTargetGroups', 'An action can forward to at most 5 target groups');
  const groups = listed.map(({ TargetGroupArn, Weight }) => ({
    TargetGroupArn: findTargetGroup(state, TargetGroupArn).arn,
    Weight: whole(Weight, 'Weight', 0, 999, 1),
  }));
  if (new Set(groups.map((group) => group.TargetGroupArn)).size < groups.length)
    throw invalid('A target group can be listed only once in an action');
  if (action.TargetGroupArn && (groups.length > 1 || groups[0]?.TargetGroupArn !== action.TargetGroupArn))
    throw invalid('You cannot specify both a target group ARN and a different forward config');
  const single = groups.length === 1 ? { TargetGroupArn: groups[0]?.TargetGroupArn } : {};
  const sticky = checkStickiness(state, action, groups);
  return { ...single, ForwardConfig: { TargetGroups: groups, ...sticky } };
}

/** Targets can be sticky behind several target groups only where these are, too. */
function checkStickiness(
  state: CloudState,
  { ForwardConfig }: Action,
  groups: readonly { TargetGroupArn: string }[],
): Pick<ForwardActionConfig, 'TargetGroupStickinessConfig'> {
  const { Enabled, DurationSeconds = 0 } = ForwardConfig?.TargetGroupStickinessConfig ?? {};
  if (Enabled) {
    if (!Number.isInteger(DurationSeconds) || DurationSeconds < 1 || DurationSeconds > 604_800)
      throw invalid('Target group stickiness duration must be between 1 and 604800 seconds');
    return { TargetGroupStickinessConfig: { Enabled, DurationSeconds } };
  }
  const sticky = groups.some(
    (one) => state.targetGroups[one.TargetGroupArn]?.attributes['stickiness.enabled'] === 'true',
  );
  if (sticky && groups.length > 1)
    throw new CloudError(
      'InvalidConfigurationRequest',
      'You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups',
    );
  return {};
}

function checkFixedResponse(action: Action): Record<string, unknown> {
  const config = required(action.FixedResponseConfig, 'fixed response config');
  const StatusCode = required(config.StatusCode, 'status code');
  if (!/^[245]\d\d$/.test(StatusCode))
    throw invalid(`Fixed response status code '${StatusCode}' must match '^(2|4|5)\\d\\d$'`);
  const ContentType = oneOf(config.ContentType, 'contentType', contentTypes, 'text/plain');
  const MessageBody = config.MessageBody;
  if (Buffer.byteLength(MessageBody ?? '') > 1024)
    throw invalid('The message body of a fixed response cannot be longer than 1024 bytes');
  return { StatusCode, ContentType, ...(MessageBody ? { MessageBody } : {}) };
}

function checkRedirect(action: Action): Record<string, unknown> {
  const config = required(action.RedirectConfig, 'redirect config');
  const StatusCode = required(config.StatusCode, 'status code');
  if (StatusCode !== 'HTTP_301' && StatusCode !== 'HTTP_302')
    throw invalid(`Redirect status code '${StatusCode}' must be HTTP_301 or HTTP_302`);
  const {
    Protocol = '#{protocol}',
    Port = '#{port}',
    Host = '#{host}',
    Path = '/#{path}',
    Query = '#{query}',
  } = config;
  if (!['HTTP', 'HTTPS', '#{protocol}'].includes(Protocol))
    throw invalid(`Redirect protocol '${Protocol}' must be HTTP, HTTPS or #{protocol}`);
  if (Port !== '#{port}' && !(/^\d{1,5}$/.test(Port) && Number(Port) >= 1 && Number(Port) <= 65_535))
    throw invalid(`Redirect port '${Port}' is not valid`);
  if (!/^([A-Za-z0-9.-]|#\{host\})+$/.test(printable(Host, 'Redirect host', 128)))
    throw invalid(`Redirect host '${Host}' is not valid`);
  if (!printable(Path, 'Redirect path', 128).startsWith('/'))
    throw invalid(`Redirect path '${Path}' must begin with '/'`);
  if (Query !== '') printable(Query, 'Redirect query', 128);
  if (Query.startsWith('?')) throw invalid("Redirect query must not begin with '?'");
  if (Protocol === '#{protocol}' && Port === '#{port}' && Host === '#{host}' && Path === '/#{path}')
    throw new CloudError(
      'InvalidLoadBalancerAction',
      'The redirect would lead to itself: change the protocol, port, host or path',
    );
  return { Protocol, Port, Host, Path, Query, StatusCode };
}

/** The same rule from the other side: targets become sticky only where the several target groups of each action are. */
export function checkGroupsSticky(state: CloudState, arn: string, attributes: Record<string, string>): void {
  if (attributes['stickiness.enabled'] !== 'true') return;
  const owners = [
    ...Object.values(state.listeners).map((one) => ({ arn: one.arn, actions: one.defaultActions })),
    ...Object.values(state.rules),
  ];
  const loose = owners.find(({ actions }) =>
    actions.some((action) => {
      const groups = forwardsTo([action]);
      return groups.length > 1 && groups.includes(arn) && stickySeconds(action) === undefined;
    }),
  );
  if (loose)
    throw new CloudError(
      'InvalidConfigurationRequest',
      `This target group appears behind a rule with group stickiness disabled (${loose.arn}). You must enable group stickiness before enabling target stickiness`,
    );
}
