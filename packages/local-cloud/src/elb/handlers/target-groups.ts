import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetGroupRecord } from '../../model.ts';
import { findVpc } from '../../network.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { targetGroupArn } from '../arns.ts';
import { changed, checkTogether, defaults, listed, targetGroupAttributes } from '../attributes.ts';
import { checkGroupsSticky } from '../check-actions.ts';
import { invalid } from '../errors.ts';
import { findLoadBalancer, findTargetGroup, usage } from '../find.ts';
import { checkGroupCount } from '../limits.ts';
import { showTargetGroup } from '../shapes.ts';
import { withTags } from '../tags.ts';
import { matcher, oneOf, page, path, required, resourceName, whole } from '../validate.ts';
import { type ElbParts, enforce } from './shared.ts';

type HealthCheck = TargetGroupRecord['healthCheck'];

/** Defaults of an HTTP target group with instance targets (ELBv2 API reference, CreateTargetGroup). */
const defaultCheck: HealthCheck = {
  ...{ path: '/', protocol: 'HTTP', port: 'traffic-port', intervalSeconds: 30, timeoutSeconds: 5 },
  ...{ healthyThreshold: 5, unhealthyThreshold: 2, matcher: '200' },
};

/** Target groups with HTTP to instances. Intervals and timeouts from 1 s are allowed (AWS: 5 s and 2 s), so that rehearsals are quick. */
export function targetGroupHandlers(parts: ElbParts): HandlerTable {
  const { context } = parts;
  const { state } = context;
  const show = (record: TargetGroupRecord, uses = usage(state)): elb.TargetGroup =>
    showTargetGroup(record, uses.get(record.arn) ?? []);

  return {
    async CreateTargetGroup(input: elb.CreateTargetGroupInput): Promise<elb.CreateTargetGroupOutput> {
      const name = resourceName(input.Name, 'target group');
      oneOf(input.TargetType, 'targetType', ['instance'] as const, 'instance');
      const protocol = required(input.Protocol, 'protocol');
      if (protocol !== 'HTTP')
        throw new CloudError('UnsupportedProtocol', `Protocol '${protocol}' is not supported by this cloud: use HTTP`);
      oneOf(input.ProtocolVersion, 'protocolVersion', ['HTTP1'] as const, 'HTTP1');
      oneOf(input.IpAddressType, 'ipAddressType', ['ipv4'] as const, 'ipv4');
      if (input.TargetControlPort !== undefined)
        throw invalid('A target control port is not supported by this cloud: leave TargetControlPort out');
      const port = whole(required(input.Port, 'port'), 'port', 1, 65_535, 80);
      const vpcId = required(input.VpcId, 'VPC ID');
      if (!findVpc(context, vpcId)) throw invalid(`The VPC ID '${vpcId}' is not found`);
      const healthCheck = checkOf(input, defaultCheck);
      const known = Object.values(state.targetGroups).find((other) => other.name === name);
      if (known) {
        const same = known.port === port && known.vpcId === vpcId && sameCheck(known.healthCheck, healthCheck);
        if (same) return { TargetGroups: [show(known)] };
        throw new CloudError(
          'DuplicateTargetGroupName',
          `A target group with the same name '${name}' exists, but with different settings`,
        );
      }
      checkGroupCount(state);
      const record: TargetGroupRecord = {
        ...{ arn: targetGroupArn(context.region.name, name), name, protocol, port, vpcId, healthCheck },
        ...{ attributes: defaults(targetGroupAttributes), targets: [], tags: withTags({}, input.Tags) },
      };
      state.targetGroups[record.arn] = record;
      await enforce(parts, () => {
        delete state.targetGroups[record.arn];
      });
      return { TargetGroups: [show(record)] };
    },

    DescribeTargetGroups(input: elb.DescribeTargetGroupsInput): elb.DescribeTargetGroupsOutput {
      const { TargetGroupArns: arns = [], Names: names = [], LoadBalancerArn: balancer } = input;
      if ([arns.length, names.length, balancer ? 1 : 0].filter(Boolean).length > 1)
        throw invalid('Only one of target group names, target group ARNs and load balancer ARN can be specified');
      const all = Object.values(state.targetGroups);
      const absent = names.find((name) => !all.some((one) => one.name === name));
      if (absent !== undefined)
        throw new CloudError('TargetGroupNotFound', `One or more target groups not found: '${absent}'`);
      const uses = usage(state);
      const owner = balancer ? findLoadBalancer(state, balancer).arn : undefined;
      const chosen = arns.length
        ? arns.map((arn) => findTargetGroup(state, arn))
        : all.filter((one) => (!names.length || names.includes(one.name)) && (!owner || uses.get(one.arn)?.has(owner)));
      const { items, NextMarker } = page(chosen, input);
      return { TargetGroups: items.map((record) => show(record, uses)), NextMarker };
    },

    async ModifyTargetGroup(input: elb.ModifyTargetGroupInput): Promise<elb.ModifyTargetGroupOutput> {
      const record = findTargetGroup(state, input.TargetGroupArn);
      const before = record.healthCheck;
      record.healthCheck = checkOf(input, before);
      await enforce(parts, () => {
        record.healthCheck = before;
      });
      return { TargetGroups: [show(record)] };
    },

    async DeleteTargetGroup(input: elb.DeleteTargetGroupInput): Promise<elb.DeleteTargetGroupOutput> {
      const record = state.targetGroups[required(input.TargetGroupArn, 'target group ARN')];
      if (!record) return {};
      if (usage(state).has(record.arn))
        throw new CloudError(
          'ResourceInUse',
          `Target group '${record.arn}' is currently in use by a listener or a rule`,
        );
      delete state.targetGroups[record.arn];
      for (const { id } of record.targets) parts.sync.changed(record.arn, id);
      await enforce(parts, () => {});
      return {};
    },

    ModifyTargetGroupAttributes(
      input: elb.ModifyTargetGroupAttributesInput,
    ): Promise<elb.ModifyTargetGroupAttributesOutput> {
      const record = findTargetGroup(state, input.TargetGroupArn);
      const before = record.attributes;
      const next = checkTogether(changed(targetGroupAttributes, before, input.Attributes));
      checkGroupsSticky(state, record.arn, next);
      record.attributes = next;
      const answer = { Attributes: attributesOf(record) };
      return enforce(parts, () => {
        record.attributes = before;
      }).then(() => answer);
    },

    DescribeTargetGroupAttributes(
      input: elb.DescribeTargetGroupAttributesInput,
    ): elb.DescribeTargetGroupAttributesOutput {
      return { Attributes: attributesOf(findTargetGroup(state, input.TargetGroupArn)) };
    },
  };
}

/** What was set over the defaults: a record of before may lack an attribute that came later. */
function attributesOf({ attributes }: TargetGroupRecord): elb.TargetGroupAttribute[] {
  return listed({ ...defaults(targetGroupAttributes), ...attributes });
}

function checkOf(input: Omit<elb.ModifyTargetGroupInput, 'TargetGroupArn'>, now: HealthCheck): HealthCheck {
  if (input.HealthCheckEnabled === false)
    throw invalid('Health check enabled must be true for target groups with target type instance');
  const protocol = oneOf(input.HealthCheckProtocol, 'healthCheckProtocol', ['HTTP'] as const, 'HTTP');
  const port = input.HealthCheckPort || now.port;
  if (port !== 'traffic-port' && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    throw invalid(`Health check port '${port}' must be 'traffic-port' or a number between 1 and 65535`);
  const check: HealthCheck = {
    protocol,
    port,
    path: path(input.HealthCheckPath, now.path),
    intervalSeconds: whole(input.HealthCheckIntervalSeconds, 'Health check interval', 1, 300, now.intervalSeconds),
    timeoutSeconds: whole(input.HealthCheckTimeoutSeconds, 'Health check timeout', 1, 120, now.timeoutSeconds),
    healthyThreshold: whole(input.HealthyThresholdCount, 'Healthy threshold count', 2, 10, now.healthyThreshold),
    unhealthyThreshold: whole(
      input.UnhealthyThresholdCount,
      'Unhealthy threshold count',
      2,
      10,
      now.unhealthyThreshold,
    ),
    matcher: matcher(input.Matcher?.HttpCode, now.matcher),
  };
  if (check.timeoutSeconds > check.intervalSeconds)
    throw invalid(
      `Health check timeout '${check.timeoutSeconds}' must be smaller than or equal to the interval '${check.intervalSeconds}'`,
    );
  return check;
}

function sameCheck(a: HealthCheck, b: HealthCheck): boolean {
  return (Object.keys(a) as (keyof HealthCheck)[]).every((key) => a[key] === b[key]);
}
