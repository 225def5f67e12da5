import type { TargetGroupRecord } from '../../model.ts';
import type { CheckFailure } from '../balancer-driver.ts';
import type { ServerStat } from './runtime.ts';

/** One target as HAProxy has it. */
export interface Server {
  targetGroupArn: string;
  backend: string;
  /** Unique for ever within a run: a target that is registered again must not meet its former self. */
  name: string;
  id: string;
  address: string;
  port: number;
  draining: boolean;
  addedAt: number;
  verdict: 'up' | 'down' | 'checking';
  /** What the last bad check said. */
  failure?: CheckFailure;
  sessions: number;
  /** As HAProxy has it. */
  weight: number;
  /** Since when it takes more and more requests; absent when it takes its share. */
  slowSince?: number;
  /** Sends it requests although it is not up; see fail-open.ts. */
  twin?: Server;
}

/** The name of a target's server; `count` keeps it apart from former ones. */
export function serverName(id: string, port: number, count: number): string {
  return `${id}_${port}_${count}`;
}

/** The name of a server's twin (see fail-open.ts); `count` as of any server. */
export function twinName(id: string, port: number, count: number): string {
  return `${serverName(id, port, count)}o`;
}

/** The target of a server or twin; undefined for what is not a server's name. */
export function targetIdOf(name: string): string | undefined {
  return /^(.+)_\d+_\d+o?$/.exec(name)?.[1];
}

/** Whether a server's name is a twin's. */
export function isTwinName(name: string): boolean {
  return /_\d+_\d+o$/.test(name);
}

export type HealthCheck = TargetGroupRecord['healthCheck'];
export type GroupOf = (targetGroupArn: string) => TargetGroupRecord;

/**
 * Of every server. One added at run time has no pool of idle connections by default so: without it each request opens a connection.
 * Idle connections go before an application's own keep-alive (Node: 5 s) ends them.
 */
export const plainOptions = 'pool-max-conn -1 pool-purge-delay 1s';

/** `check ...` of a server line, the same in the file and over the socket. */
export function checkOptions(check: HealthCheck): string {
  const ms = Math.round(check.intervalSeconds * 1000);
  const port = /^\d{1,5}$/.test(check.port) ? ` port ${check.port}` : '';
  // ELB keeps one interval in every state.
  return `check${port} inter ${ms}ms fastinter ${ms}ms downinter ${ms}ms rise ${check.healthyThreshold} fall ${check.unhealthyThreshold} ${plainOptions}`;
}

/** Health by ELB's rules from HAProxy's counters; `now` in ms. */
export function evaluate(server: Server, stat: ServerStat, check: HealthCheck, now: number): Server['verdict'] {
  if (stat.checkHealth >= check.healthyThreshold) return 'up';
  if (server.verdict !== 'checking') return 'down';
  // HAProxy counts no failures of a server that never was up, so there the time it has been failing decides.
  return isFailing(stat) && now - server.addedAt >= check.unhealthyThreshold * check.intervalSeconds * 1000
    ? 'down'
    : 'checking';
}

/** What a bad check said (HAProxy management guide, `check_status`); undefined for a good one, and while there was none. */
export function failureOf(stat: ServerStat): CheckFailure | undefined {
  if (!isFailing(stat)) return undefined;
  if (stat.checkStatus === 'L7STS') return { kind: 'code', code: stat.checkCode };
  return { kind: /TOUT$/.test(stat.checkStatus) ? 'timeout' : 'connection' };
}

function isFailing({ checkStatus }: ServerStat): boolean {
  return checkStatus !== '' && !/^(INI|UNK|L4OK|L6OK|L7OK)$/.test(checkStatus);
}

/**
 * A server-state file (format 1) from which a new worker takes over: without it HAProxy calls every server of its
 * file UP before the first check.
 */
export function stateFile(servers: Server[], groupOf: GroupOf): string {
  const lines = servers.map((server) => {
    const check = groupOf(server.targetGroupArn).healthCheck;
    const up = server.verdict === 'up';
    const health = up ? check.healthyThreshold + check.unhealthyThreshold - 1 : 0;
    // Operational 2 is running; administrative 8 is a forced drain; result 3 passed, 2 failed; state 6 configured and enabled.
    const state = [
      up ? 2 : 0,
      server.draining ? 8 : 0,
      server.weight,
      server.weight,
      0,
      up ? 15 : 1,
      up ? 3 : 2,
      health,
      6,
      0,
    ];
    return `0 ${server.backend} 0 ${server.name} ${server.address} ${state.join(' ')} 0 0 - ${server.port} - 0 0 - - 0`;
  });
  return ['1', columns, ...lines, ''].join('\n');
}

const columns =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';
