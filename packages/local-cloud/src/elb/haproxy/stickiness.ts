import type { TargetGroupRecord } from '../../model.ts';
import type { Server } from './servers.ts';

/** ELB's cookie of duration-based stickiness. */
const cookie = 'AWSALB';

/** The file of servers that sticky clients must leave; one list for all groups, as names of servers are unique. */
export const leavingFile = 'leaving';

/**
 * Directives of a target group's backend for stickiness by the load balancer's cookie: it names the server, which takes the client's
 * next requests as long as it is up and stays. Server lines with cookies would not do, as servers added at run time cannot have any.
 */
export function stickyLines(attributes: TargetGroupRecord['attributes']): string[] {
  if (attributes['stickiness.enabled'] !== 'true') return [];
  const seconds = Number(attributes['stickiness.lb_cookie.duration_seconds'] ?? 86_400);
  const named = `req.cook(${cookie}),b64dec`;
  return [
    `use-server %[${named}] if { req.cook(${cookie}) -m found } !{ ${named} -m str -f ${leavingFile} }`,
    `http-response add-header Set-Cookie "${cookie}=%[srv_name,base64]; Expires=%[date(${Math.trunc(seconds)}),http_date]; Path=/"`,
  ];
}

/**
 * Commands after which a server gets no new requests, of sticky clients neither: HAProxy itself would send those on to a server that
 * only drains. Where no group is sticky, the list is unknown, and the first command does nothing.
 */
export function drainCommands({ backend, name }: Server): string[] {
  return [`add acl ${leavingFile} ${name}`, `set server ${backend}/${name} state drain`];
}
