import { isIP } from 'node:net';
import { only, quote, UnsafeValueError, wildcard } from './quote.ts';

interface Condition {
  Field?: string;
  Values?: string[];
  HostHeaderConfig?: { Values?: string[] };
  PathPatternConfig?: { Values?: string[] };
  HttpHeaderConfig?: { HttpHeaderName?: string; Values?: string[] };
  QueryStringConfig?: { Values?: { Key?: string; Value?: string }[] };
  HttpRequestMethodConfig?: { Values?: string[] };
  SourceIpConfig?: { Values?: string[] };
}

/** What follows `acl <name>`, one for each value of the condition: HAProxy takes ACL lines of one name as alternatives. */
export function aclTests(raw: Record<string, unknown>): string[] {
  const condition = raw as Condition;
  const values = condition.Values ?? [];
  switch (condition.Field) {
    case 'host-header':
      return (condition.HostHeaderConfig?.Values ?? values).map((v) => text('req.hdr(host),field(1,:)', v, true));
    case 'path-pattern':
      return (condition.PathPatternConfig?.Values ?? values).map((v) => text('path', v, false));
    case 'http-header': {
      const name = only(
        /[A-Za-z0-9!#$&*+.^_`|~-]{1,40}/,
        condition.HttpHeaderConfig?.HttpHeaderName ?? '',
        'header name',
      );
      // Only names of plain letters are safe between the parentheses of a fetch.
      only(/[A-Za-z0-9_.-]+/, name, 'header name');
      return (condition.HttpHeaderConfig?.Values ?? []).map((v) => text(`req.fhdr(${name})`, v, true));
    }
    case 'query-string':
      return (condition.QueryStringConfig?.Values ?? []).map(({ Key, Value }) => {
        const key = Key ? wildcard(Key, '[^&=]') : '[^&=]*';
        return `query -m reg -i -- ${quote(`(^|&)${key}=${wildcard(Value ?? '', '[^&]')}(&|$)`, 'query string')}`;
      });
    case 'http-request-method':
      return (condition.HttpRequestMethodConfig?.Values ?? []).map(
        (v) => `method ${only(/[A-Z_-]{1,40}/, v, 'method')}`,
      );
    case 'source-ip':
      return (condition.SourceIpConfig?.Values ?? []).map((v) => `src ${network(v)}`);
    default:
      throw new UnsafeValueError('condition field', String(condition.Field));
  }
}

/** Exact comparison where there is no wildcard: cheaper than a regular expression. */
function text(fetch: string, value: string, ignoreCase: boolean): string {
  const how = /[*?]/.test(value) ? `reg${ignoreCase ? ' -i' : ''}` : `str${ignoreCase ? ' -i' : ''}`;
  return `${fetch} -m ${how} -- ${quote(how.startsWith('reg') ? `^${wildcard(value)}$` : value)}`;
}

function network(value: string): string {
  const [address = '', prefix = ''] = value.split('/');
  const version = isIP(address);
  if (!version || address.includes('%') || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (version === 4 ? 32 : 128))
    throw new UnsafeValueError('source address', value);
  return value;
}
