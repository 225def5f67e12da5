import fc from '@golden-pipeline/shared/testing/fast-check';
import type { CloudState } from '../../../src/model.ts';
import { account } from '../../../src/settings.ts';
import type { KnownValue } from '../../wire/support/wild-requests.ts';

type Table = (state: CloudState) => string[];

/** What the values of parameters with such names are chosen from when a request is sent. */
const tables: Record<string, [name: RegExp, values: Table]> = {
  instance: [/^(instance|target)_?ids?$|^id$/i, ({ instances }) => Object.keys(instances)],
  image: [/image_?ids?$/i, ({ images }) => Object.keys(images)],
  snapshot: [/snapshot_?ids?$/i, ({ snapshots }) => Object.keys(snapshots)],
  volume: [/volume_?ids?$/i, ({ instances }) => Object.values(instances).map((one) => one.volumeId)],
  template: [/launch_?template_?ids?$/i, ({ launchTemplates }) => Object.keys(launchTemplates)],
  securityGroup: [/^(security)?group_?ids?$|^securitygroups$/i, ({ securityGroups }) => Object.keys(securityGroups)],
  rule: [
    /securitygrouprule_?ids?$/i,
    ({ securityGroups }) =>
      Object.values(securityGroups).flatMap((one) => [...one.ingress, ...one.egress].map((rule) => rule.id)),
  ],
  keyPair: [/keypair_?ids?$/i, ({ keyPairs }) => Object.values(keyPairs).map((one) => one.id)],
  resource: [
    /^resources?_?ids?$/i,
    ({ instances, images, launchTemplates }) => [
      ...Object.keys(instances),
      ...Object.keys(images),
      ...Object.keys(launchTemplates),
      'aaa',
    ],
  ],
  targetGroup: [/targetgroup_?arns?$|^identifier$/i, ({ targetGroups }) => Object.keys(targetGroups)],
  balancer: [/loadbalancer_?arns?$/i, ({ loadBalancers }) => Object.keys(loadBalancers)],
  listener: [/listener_?arns?$/i, ({ listeners }) => Object.keys(listeners)],
  balancerRule: [/rule_?arns?$/i, ({ rules }) => Object.keys(rules)],
  anyArn: [
    /^resource_?arns?$/i,
    (state) => [...Object.keys(state.targetGroups), ...Object.keys(state.loadBalancers), ...Object.keys(state.rules)],
  ],
  activity: [/activity_?ids?$/i, ({ activities }) => activities.map((one) => one.id)],
  refresh: [/refresh_?ids?$/i, ({ refreshes }) => Object.keys(refreshes)],
};

const words = (text: string) => text.trim().split(/\s+/);

const fixed: [RegExp, string[]][] = [
  [
    /filters?\.name$/i,
    words('tag:aaa instance-state-name image-id name auto-scaling-group key state vpc-id zone-name group-id tag-key'),
  ],
  [
    /^(autoscalinggroup|launchtemplate|lifecyclehook|scheduledaction|policy|key|group)names?$/i,
    words('aaa aaa aaa bbb'),
  ],
  [/zones?$/i, [...account.zones]],
  [/subnets?(_?ids?)?$|vpczoneidentifier/i, Object.values(account.subnets)],
  [/vpc_?ids?$/i, [account.vpcId]],
  [/region/i, words('eu-west-1 eu-central-1 nowhere')],
  [/instancetype/i, words('t3.micro m5.large t3.unknown')],
  [/version/i, words('1 2 $Latest $Default')],
  [/protocol/i, words('HTTP HTTP HTTPS TCP tcp -1')],
  [/cidr/i, words('10.0.0.0/8 0.0.0.0/0 ::/0 10.0.0.0/99')],
  [/recurrence/i, ['*/5 * * * *', '0 0 29 2 *', '@daily', '* *']],
  [/processes/i, words('Launch Terminate ReplaceUnhealthy AZRebalance HealthCheck AlarmNotification ScheduledActions')],
  [/transition$/i, words('autoscaling:EC2_INSTANCE_LAUNCHING autoscaling:EC2_INSTANCE_TERMINATING')],
  [/result$/i, words('CONTINUE ABANDON')],
  [/healthstatus/i, words('Healthy Unhealthy')],
  [/field$/i, words('path-pattern host-header http-header query-string http-request-method source-ip')],
  [/^strategy$/i, ['Rolling']],
  [/poolstate$/i, words('Stopped Running Hibernated')],
  [/policytype$/i, words('SimpleScaling StepScaling TargetTrackingScaling')],
  [/adjustmenttype$/i, words('ChangeInCapacity ExactCapacity PercentChangeInCapacity')],
  [/(standby|protected)instances$/i, words('Terminate Ignore Wait Refresh')],
  [/terminationpolicies$/i, words('Default OldestInstance NewestLaunchTemplate OldestLaunchConfiguration')],
  [
    /attributes?$|operation|\btype$/i,
    words('instanceType userData launchPermission description add remove forward redirect fixed-response application'),
  ],
  [
    /\bkey$/i,
    words(
      'aaa Name aws:x deregistration_delay.timeout_seconds slow_start.duration_seconds idle_timeout.timeout_seconds',
    ),
  ],
  [/names?$/i, words('aaa bbb ccc')],
  [/values?$/i, words('aaa bbb * true 30 running available')],
  [/token$/i, words('aaa bbb MQ==')],
];

/** Sensible values for most parameters: what is not fixed stands as `@table:number@` until {@link resolveKnown}. */
export const knownValue: KnownValue = (name, kind) => {
  if (kind === 'number') {
    // Large fleets have tests of their own.
    const large = /size|capacity|count|adjustment/i.test(name) ? [20] : [60, 100, 200, 3600, 8080];
    return fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(...large, -1, 1.5, 2 ** 31)).map(String);
  }
  if (kind === 'timestamp')
    return fc.constantFrom('2026-01-01T01:00:00Z', '2025-01-01T00:00:00Z', '2030-01-01T00:00:00Z');
  if (/dryrun$/i.test(name)) return fc.constantFrom(...Array<string>(9).fill('false'), 'true');
  if (kind !== 'string') return undefined;
  const last = name.split('.').at(-1) ?? '';
  const table = Object.entries(tables).find(([, [pattern]]) => pattern.test(last))?.[0];
  if (table) return fc.nat(999).map((number) => `@${table}:${number}@`);
  const values = fixed.find(([pattern]) => pattern.test(name))?.[1];
  return values && fc.constantFrom(...values);
};

/** Puts the ids that there are now into a form. */
export function resolveKnown(body: string, state: CloudState): string {
  return body.replace(/%40(\w+)%3A(\d+)%40/g, (_, table: string, number: string) => {
    const values = tables[table]?.[1](state) ?? [];
    return encodeURIComponent(values[Number(number) % values.length] ?? 'aaa');
  });
}
