import { CloudError } from '../wire/handler.ts';
import { invalid } from './errors.ts';

/** Known attributes with their defaults (ELBv2 API reference) and what each may hold. */
type Known = Record<string, { value: string; allowed: RegExp }>;

const flag = /^(true|false)$/;
const count = /^([1-9]\d{0,2}|1000)$/;
const countOrOff = new RegExp(`^off$|${count.source}`);
/** Seconds from 1 to those of a week. */
const week = /^([1-9]\d{0,4}|[1-5]\d{5}|60[0-3]\d{3}|604[0-7]\d\d|604800)$/;
const percentageOrOff = /^(off|[1-9]\d?|100)$/;

/** Logs that a load balancer may write to a bucket. They are kept as settings: no log is written here. */
const logs = ['access_logs', 'connection_logs', 'health_check_logs'] as const;

/** Attributes of application load balancers. Those of other kinds are refused, as AWS does. */
export const loadBalancerAttributes: Known = {
  'idle_timeout.timeout_seconds': { value: '60', allowed: /^([1-9]|[1-9]\d{1,2}|[1-3]\d{3}|4000)$/ },
  'client_keep_alive.seconds': {
    value: '3600',
    allowed: /^([6-9]\d|[1-9]\d{2,4}|[1-5]\d{5}|60[0-3]\d{3}|604[0-7]\d\d|604800)$/,
  },
  'deletion_protection.enabled': { value: 'false', allowed: flag },
  ...Object.fromEntries(
    logs.flatMap((log) => [
      [`${log}.s3.enabled`, { value: 'false', allowed: flag }],
      [`${log}.s3.bucket`, { value: '', allowed: /^.{0,255}$/ }],
      [`${log}.s3.prefix`, { value: '', allowed: /^.{0,255}$/ }],
    ]),
  ),
  // AWS: on for application load balancers, and cannot be changed.
  'load_balancing.cross_zone.enabled': { value: 'true', allowed: /^true$/ },
  'routing.http2.enabled': { value: 'true', allowed: flag },
  'routing.http.drop_invalid_header_fields.enabled': { value: 'false', allowed: flag },
  'routing.http.preserve_host_header.enabled': { value: 'false', allowed: flag },
  'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': { value: 'false', allowed: flag },
  'routing.http.xff_client_port.enabled': { value: 'false', allowed: flag },
  'routing.http.xff_header_processing.mode': { value: 'append', allowed: /^(append|preserve|remove)$/ },
  'routing.http.desync_mitigation_mode': { value: 'defensive', allowed: /^(monitor|defensive|strictest)$/ },
  'waf.fail_open.enabled': { value: 'false', allowed: flag },
  'zonal_shift.config.enabled': { value: 'false', allowed: flag },
  'ipv6.deny_all_igw_traffic': { value: 'false', allowed: flag },
};

/** What AWS sets at the creation: an internal load balancer is closed to the internet by IPv6 as well. */
export function defaultsOf({ scheme }: { scheme: string }): Record<string, string> {
  return { ...defaults(loadBalancerAttributes), 'ipv6.deny_all_igw_traffic': String(scheme === 'internal') };
}

/** A log that is switched on needs its bucket. */
export function checkLogs(attributes: Record<string, string>): Record<string, string> {
  const homeless = logs.find((log) => attributes[`${log}.s3.enabled`] === 'true' && !attributes[`${log}.s3.bucket`]);
  if (!homeless) return attributes;
  throw invalid(`Attribute '${homeless}.s3.bucket' must be specified when '${homeless}.s3.enabled' is true`);
}

export const targetGroupAttributes: Known = {
  'deregistration_delay.timeout_seconds': { value: '300', allowed: /^(\d{1,3}|[1-2]\d{3}|3[0-5]\d\d|3600)$/ },
  'stickiness.enabled': { value: 'false', allowed: flag },
  'stickiness.type': { value: 'lb_cookie', allowed: /^(lb_cookie|app_cookie)$/ },
  'stickiness.lb_cookie.duration_seconds': { value: '86400', allowed: week },
  'stickiness.app_cookie.duration_seconds': { value: '86400', allowed: week },
  'stickiness.app_cookie.cookie_name': { value: '', allowed: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{0,128}$/ },
  'slow_start.duration_seconds': { value: '0', allowed: /^(0|[3-9]\d|[1-8]\d\d|900)$/ },
  'load_balancing.algorithm.type': {
    value: 'round_robin',
    allowed: /^(round_robin|least_outstanding_requests|weighted_random)$/,
  },
  'load_balancing.algorithm.anomaly_mitigation': { value: 'off', allowed: /^(on|off)$/ },
  'load_balancing.cross_zone.enabled': {
    value: 'use_load_balancer_configuration',
    allowed: /^(true|false|use_load_balancer_configuration)$/,
  },
  'target_group_health.dns_failover.minimum_healthy_targets.count': { value: '1', allowed: countOrOff },
  'target_group_health.dns_failover.minimum_healthy_targets.percentage': { value: 'off', allowed: percentageOrOff },
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': { value: '1', allowed: count },
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': {
    ...{ value: 'off', allowed: percentageOrOff },
  },
};

export function defaults(known: Known): Record<string, string> {
  return Object.fromEntries(Object.entries(known).map(([key, { value }]) => [key, value]));
}

/** Attributes as the API carries them. */
export function listed(attributes: Record<string, string>): { Key: string; Value: string }[] {
  return Object.entries(attributes).map(([Key, Value]) => ({ Key, Value }));
}

/** Checks every change first, so that a refused request changes nothing. */
export function changed(
  known: Known,
  now: Record<string, string>,
  given: { Key?: string; Value?: string }[] | undefined,
): Record<string, string> {
  const next = { ...now };
  for (const { Key = '', Value = '' } of given ?? []) {
    const attribute = Object.hasOwn(known, Key) ? known[Key] : undefined;
    if (!attribute) throw invalid(`Attribute key '${Key}' is not recognized`);
    if (!attribute.allowed.test(Value)) throw invalid(`Attribute value '${Value}' of '${Key}' is not valid`);
    next[Key] = Value;
  }
  return next;
}

/** What attributes of a target group do not allow together. */
export function checkTogether(attributes: Record<string, string>): Record<string, string> {
  const slow = attributes['slow_start.duration_seconds'] !== '0';
  const algorithm = attributes['load_balancing.algorithm.type'] ?? 'round_robin';
  if (slow && algorithm !== 'round_robin')
    throw new CloudError(
      'InvalidConfigurationRequest',
      `Slow start mode cannot be used with the ${algorithm.replaceAll('_', ' ')} routing algorithm`,
    );
  if (attributes['load_balancing.algorithm.anomaly_mitigation'] === 'on' && algorithm !== 'weighted_random')
    throw new CloudError(
      'InvalidConfigurationRequest',
      `Anomaly mitigation can only be used with the weighted random routing algorithm, not with '${algorithm}'`,
    );
  if (attributes['stickiness.enabled'] === 'true' && attributes['stickiness.type'] === 'app_cookie')
    throw new CloudError(
      'InvalidConfigurationRequest',
      'Stickiness by a cookie of the application (app_cookie) is not supported by this cloud: use lb_cookie',
    );
  for (const kind of ['count', 'percentage']) {
    const [dns, routing] = ['dns_failover', 'unhealthy_state_routing'].map(
      (action) => attributes[`target_group_health.${action}.minimum_healthy_targets.${kind}`] ?? 'off',
    );
    if (dns !== 'off' && routing !== 'off' && Number(dns) < Number(routing))
      throw new CloudError(
        'InvalidConfigurationRequest',
        `The minimum healthy targets ${kind} for DNS failover must be at least that for routing failover, which is '${routing}'`,
      );
  }
  return attributes;
}
