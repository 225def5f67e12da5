import { DescribeAutoScalingGroupsCommand, paginateDescribeAutoScalingGroups } from '@aws-sdk/client-auto-scaling';
import { DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { usageError } from '@golden-pipeline/shared/errors';
import { nearest, show } from '@golden-pipeline/shared/text';
import type { AwsClients } from './clients.ts';
import { type Route, readRoutes } from './listeners.ts';

/** The resources of an existing fleet that was created by other means. */
export interface RunningFleet {
  group: { name: string; min: number; max: number; desired: number; subnetIds: string[] };
  template: { name: string; instanceType?: string; keyName?: string; imageId?: string; securityGroupIds: string[] };
  targetGroup: TargetGroup;
  deregistrationDelaySeconds?: number;
  loadBalancer: string;
  listenerPort: number;
  /** Second group and target group, when the listener splits the traffic between two groups. */
  green?: { group: string; targetGroup: string };
  /** Target group behind a rule on a header with the value `on`. */
  validation?: { header: string; targetGroup: string };
}

/**
 * Reads the resources of a fleet, starting from its Auto Scaling group. It changes nothing.
 * @param only Target group and port to use where there are several.
 * @throws usage errors `init.unknown-group`, `init.no-template`, `init.no-target-group`, `init.which-target-group`,
 * `init.no-listener`, `init.which-listener`
 */
export async function readRunningFleet(
  aws: AwsClients,
  name: string,
  only: { targetGroup?: string; listenerPort?: number },
): Promise<RunningFleet> {
  const group = await findGroup(aws, name);
  const { LaunchTemplateId, Version = '$Default' } = group.LaunchTemplate ?? {};
  if (!LaunchTemplateId) {
    const fix =
      'give the group a launch template of its own first (no launch configuration, no mixed instances policy)';
    throw usageError('init.no-template', `group ${show(name)} has no launch template`, fix);
  }
  const [template, targetGroup] = await Promise.all([
    readTemplate(aws, LaunchTemplateId, Version),
    chooseTargetGroup(aws, name, group.TargetGroupARNs ?? [], only.targetGroup),
  ]);
  const { balancer, port, routes } = await findListener(aws, targetGroup, only.listenerPort);
  const [delay, other, validationRule] = await Promise.all([
    readDelay(aws, targetGroup),
    findGreen(aws, targetGroup.TargetGroupArn ?? '', routes),
    validationRoute(routes),
  ]);
  const validation = validationRule && (await targetGroupName(aws, validationRule.arn));
  return {
    group: {
      name,
      min: group.MinSize ?? 0,
      max: group.MaxSize ?? 0,
      desired: group.DesiredCapacity ?? 0,
      subnetIds: (group.VPCZoneIdentifier ?? '').split(',').filter(Boolean),
    },
    template,
    targetGroup,
    deregistrationDelaySeconds: delay,
    loadBalancer: balancer,
    listenerPort: port,
    ...(other && { green: other }),
    ...(validationRule && validation && { validation: { header: validationRule.header, targetGroup: validation } }),
  };
}

async function findGroup({ autoScaling }: AwsClients, name: string) {
  const { AutoScalingGroups } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  if (AutoScalingGroups?.[0]) return AutoScalingGroups[0];
  const names: string[] = [];
  for await (const page of paginateDescribeAutoScalingGroups({ client: autoScaling }, {})) {
    names.push(...(page.AutoScalingGroups ?? []).flatMap((one) => one.AutoScalingGroupName ?? []));
  }
  const near = nearest(name, names);
  const some = names
    .slice(0, 10)
    .map((one) => show(one))
    .join(', ');
  const fix = near
    ? `did you mean ${show(near)}?`
    : `groups here: ${some || 'none; is it the right region and account?'}`;
  throw usageError('init.unknown-group', `there is no Auto Scaling group ${show(name)}`, fix);
}

async function readTemplate({ ec2 }: AwsClients, id: string, version: string): Promise<RunningFleet['template']> {
  const { LaunchTemplateVersions } = await ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions: [version] }),
  );
  const { LaunchTemplateName = '', LaunchTemplateData: data = {} } = LaunchTemplateVersions?.[0] ?? {};
  return {
    name: LaunchTemplateName,
    instanceType: data.InstanceType,
    keyName: data.KeyName,
    imageId: data.ImageId,
    securityGroupIds: data.SecurityGroupIds ?? data.NetworkInterfaces?.[0]?.Groups ?? [],
  };
}

async function chooseTargetGroup(
  { elb }: AwsClients,
  group: string,
  arns: string[],
  wanted: string | undefined,
): Promise<TargetGroup> {
  if (arns.length === 0) {
    const fix = 'attach the group to a target group of an application load balancer first';
    throw usageError('init.no-target-group', `group ${show(group)} has no target group`, fix);
  }
  const { TargetGroups = [] } = await elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: arns }));
  const fitting = wanted === undefined ? TargetGroups : TargetGroups.filter((one) => one.TargetGroupName === wanted);
  const [first, ...more] = fitting;
  if (first && more.length === 0) return first;
  const names = TargetGroups.map((one) => one.TargetGroupName).join(', ');
  const problem = wanted === undefined ? 'has several target groups' : `has no target group ${show(wanted)}`;
  const fix = `name the one that receives the requests: --target-group NAME, one of ${names}`;
  throw usageError('init.which-target-group', `group ${show(group)} ${problem}`, fix);
}

async function findListener({ elb }: AwsClients, targetGroup: TargetGroup, wanted: number | undefined) {
  const name = targetGroup.TargetGroupName;
  const arns = targetGroup.LoadBalancerArns ?? [];
  const balancers =
    arns.length === 0
      ? []
      : ((await elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: arns }))).LoadBalancers ?? []);
  const found: { balancer: string; port: number; routes: Route[] }[] = [];
  for (const { LoadBalancerArn, LoadBalancerName = '' } of balancers) {
    const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
    for (const { ListenerArn = '', Port = 0 } of Listeners) {
      const routes = await readRoutes(elb, ListenerArn);
      if (routes.some((route) => route.weights.some((one) => one.targetGroupArn === targetGroup.TargetGroupArn)))
        found.push({ balancer: LoadBalancerName, port: Port, routes });
    }
  }
  const fitting = wanted === undefined ? found : found.filter(({ port }) => port === wanted);
  const [first, ...more] = fitting;
  if (first && more.length === 0) return first;
  const ports = found.map(({ balancer, port }) => `${balancer}:${port}`).join(', ');
  if (found.length === 0) {
    const fix = 'let a listener of an application load balancer forward to it first';
    throw usageError('init.no-listener', `no listener forwards to target group ${name}`, fix);
  }
  const which = wanted === undefined ? 'several listeners forward' : `no listener on port ${wanted} forwards`;
  const fix = `say which one: --listener-port N, of ${ports}`;
  throw usageError('init.which-listener', `${which} to target group ${name}`, fix);
}

async function readDelay({ elb }: AwsClients, { TargetGroupArn }: TargetGroup): Promise<number | undefined> {
  const { Attributes } = await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
  const value = Attributes?.find((one) => one.Key === 'deregistration_delay.timeout_seconds')?.Value;
  return value === undefined ? undefined : Number(value);
}

/** The other group of a listener that splits its traffic between two target groups. */
async function findGreen(aws: AwsClients, own: string, routes: readonly Route[]): Promise<RunningFleet['green']> {
  const shared = routes.find((route) => !route.header && route.weights.some((one) => one.targetGroupArn === own));
  const others = shared?.weights.filter((one) => one.targetGroupArn !== own) ?? [];
  const arn = others[0]?.targetGroupArn;
  if (arn === undefined || others.length > 1) return undefined;
  for await (const page of paginateDescribeAutoScalingGroups({ client: aws.autoScaling }, {})) {
    const group = page.AutoScalingGroups?.find((one) => one.TargetGroupARNs?.includes(arn))?.AutoScalingGroupName;
    if (group !== undefined) return { group, targetGroup: await targetGroupName(aws, arn) };
  }
  return undefined;
}

function validationRoute(routes: readonly Route[]): { header: string; arn: string } | undefined {
  const route = routes.find(({ header, weights }) => header?.values.includes('on') && weights.length === 1);
  const arn = route?.weights[0]?.targetGroupArn;
  return route?.header && arn !== undefined ? { header: route.header.name, arn } : undefined;
}

async function targetGroupName({ elb }: AwsClients, arn: string): Promise<string> {
  const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [arn] }));
  return TargetGroups?.[0]?.TargetGroupName ?? '';
}
