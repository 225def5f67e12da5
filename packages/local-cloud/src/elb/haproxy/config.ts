import { availableParallelism } from 'node:os';
import type { ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from '../../model.ts';
import type { Routing } from '../balancer-driver.ts';
import { headerChanges } from '../listener-attributes.ts';
import { actionLines } from './actions.ts';
import { aclTests } from './conditions.ts';
import { stickyAnswers } from './group-stickiness.ts';
import { backendName, frontendName, mapFile } from './names.ts';
import { literal, only, quote } from './quote.ts';
import { requestHeaders } from './request-headers.ts';
import { logFormat } from './request-log.ts';
import { stickyLines } from './stickiness.ts';
import { forwardWeights, splitLines } from './weights.ts';

/** All that depends on the routing: the frontends and backends, and the files they name. */
export interface Rendered {
  frontends: string[];
  /** Directives of each backend by name; the servers are added by the caller. */
  backends: Record<string, string[]>;
  /** Lines of each map of weights, by file. */
  maps: Record<string, string[]>;
  pages: Record<string, string>;
}

/** The routing in HAProxy's words. Throws UnsafeValueError for a value that could change the meaning of the configuration. */
export function render(routing: Routing): Rendered {
  const out: Rendered = { frontends: [], backends: {}, maps: {}, pages: {} };
  const idle = Math.max(60, ...routing.loadBalancers.map(idleSeconds));
  for (const group of routing.targetGroups) out.backends[backendName(group.arn)] = backend(group, idle);
  const balancers = new Map(routing.loadBalancers.map((balancer) => [balancer.arn, balancer]));
  for (const listener of routing.listeners) {
    const balancer = balancers.get(listener.loadBalancerArn);
    if (!balancer) continue;
    const rules = routing.rules.filter((rule) => rule.listenerArn === listener.arn);
    out.frontends.push(...frontend(balancer, listener, rules, out));
  }
  return out;
}

/** ELB's routing algorithms in HAProxy's words; `random(1)` draws one target by weight and compares it with no other. */
const algorithms: Record<string, string> = {
  round_robin: 'roundrobin',
  least_outstanding_requests: 'leastconn',
  weighted_random: 'random(1)',
};

function backend(group: TargetGroupRecord, idle: number): string[] {
  const check = group.healthCheck;
  const path = quote(check.path, 'health check path');
  return [
    `balance ${algorithms[group.attributes['load_balancing.algorithm.type'] ?? ''] ?? 'roundrobin'}`,
    `timeout server ${idle}s`,
    `timeout check ${Math.ceil(check.timeoutSeconds * 1000)}ms`,
    'option httpchk',
    `http-check send meth GET uri ${path} ver HTTP/1.1 hdr Host localhost hdr User-Agent ELB-HealthChecker/2.0`,
    `http-check expect status ${only(/[\d,-]+/, check.matcher, 'matcher')}`,
    ...stickyLines(group.attributes),
  ];
}

function frontend(
  balancer: LoadBalancerRecord,
  listener: ListenerRecord,
  rules: RuleRecord[],
  out: Rendered,
): string[] {
  const address = only(/127(\.\d{1,3}){3}/, balancer.address, 'address');
  const request: string[] = [];
  const choose: string[] = [];
  const add = (action: Record<string, unknown>, owner: string, when: string): void => {
    if (action.Type === 'forward') out.maps[mapFile(owner)] = splitLines(forwardWeights(action));
    const lines = actionLines(action, owner, when);
    request.push(...lines.request);
    choose.push(...lines.backend);
    Object.assign(out.pages, lines.pages);
  };
  const ordered = [...rules].sort((a, b) => a.priority - b.priority);
  const acls: string[] = [];
  // The first rule that matches is noted, so that a redirect cannot overtake a forward of better priority.
  const choice = ordered.map((rule, r) => {
    const names = rule.conditions.map((condition, c) => {
      acls.push(...aclTests(condition).map((test) => `acl r${r}c${c} ${test}`));
      return `r${r}c${c}`;
    });
    return `http-request set-var(txn.rule) int(${r + 1}) if ${r > 0 ? '!{ var(txn.rule) -m found } ' : ''}${names.join(' ')}`;
  });
  ordered.forEach((rule, r) => {
    add(rule.actions.at(-1) ?? {}, rule.arn, `{ var(txn.rule) -m int ${r + 1} }`);
  });
  add(listener.defaultActions.at(-1) ?? {}, listener.arn, ordered.length ? '!{ var(txn.rule) -m found }' : '');
  return [
    `frontend ${frontendName(listener.arn)}`,
    `  bind ${address}:${Math.trunc(listener.port)}`,
    `  timeout client ${idleSeconds(balancer)}s`,
    `  timeout http-keep-alive ${idleSeconds(balancer)}s`,
    '  option dontlognull',
    '  log global',
    `  log-format ${quote(logFormat)}`,
    '  http-request set-header X-Forwarded-Proto http',
    '  http-request set-header X-Forwarded-Port %[dst_port]',
    ...requestHeaders(balancer.attributes).map((line) => `  ${line}`),
    ...answerHeaders(listener),
    ...stickyAnswers([...rules.flatMap((rule) => rule.actions.slice(-1)), ...listener.defaultActions.slice(-1)]).map(
      (line) => `  ${line}`,
    ),
    ...[...acls, ...choice, ...request, ...choose].map((line) => `  ${line}`),
    '',
  ];
}

/** What the listener does to the headers of every answer, also of those that HAProxy itself gives. */
function answerHeaders(listener: ListenerRecord): string[] {
  const { set, hideServer } = headerChanges(listener);
  const lines = set.map(([name, value]) => `  http-after-response set-header ${name} ${quote(literal(value), name)}`);
  return hideServer ? ['  http-after-response del-header Server', ...lines] : lines;
}

/** ELB's idle timeout; 60 s unless the attribute says otherwise. */
function idleSeconds(balancer: LoadBalancerRecord): number {
  const seconds = Number(balancer.attributes['idle_timeout.timeout_seconds'] ?? 60);
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= 4000 ? seconds : 60;
}

/** The whole configuration. `servers` gives the lines of a backend's servers; paths are relative to HAProxy's folder. */
export function configuration(
  rendered: Rendered,
  options: { socket: string; stateFile: string; maxConnections: number; servers: (backend: string) => string[] },
): string {
  return [
    'global',
    `  stats socket ${quote(options.socket)} mode 600 level admin expose-fd listeners`,
    '  stats timeout 1m',
    `  server-state-file ${quote(options.stateFile)}`,
    // Two clouds on one address must be an error, not a silent share of the traffic.
    '  noreuseport',
    `  nbthread ${Math.min(4, availableParallelism())}`,
    `  maxconn ${options.maxConnections}`,
    // Longer than the longest deregistration delay: an old worker never cuts a request that ELB would let finish.
    '  hard-stop-after 3700s',
    '  log stdout format raw local0',
    '',
    'defaults',
    '  mode http',
    '  option http-keep-alive',
    // A reload must not close a connection on which the client is just sending its next request.
    '  option idle-close-on-response',
    // As a load balancer of AWS: a target that refuses a connection is an error for the client, and no other one is tried.
    '  retries 0',
    '  timeout connect 2s',
    '  timeout client 60s',
    '  timeout server 60s',
    '  timeout queue 10s',
    '  timeout http-request 60s',
    '  load-server-state-from-file global',
    '',
    ...rendered.frontends,
    ...Object.entries(rendered.backends).flatMap(([name, lines]) => [
      `backend ${name}`,
      ...lines.map((line) => `  ${line}`),
      ...options.servers(name).map((line) => `  ${line}`),
      '',
    ]),
  ].join('\n');
}
