import type { ListenerRecord } from '../model.ts';

const text = /^[\x20-\x7e]{0,1024}$/;

/**
 * Headers of answers that a listener sets, by attribute, with the values each may have (user guide of Application Load Balancers,
 * HTTP header modification); empty for none.
 */
const headers: readonly [name: string, allowed: RegExp][] = [
  ['Strict-Transport-Security', /^(max-age=\d{1,10}(; ?includeSubDomains)?(; ?preload)?)?$/i],
  ['Access-Control-Allow-Origin', text],
  ['Access-Control-Allow-Methods', /^(\*|[A-Z]+( ?, ?[A-Z]+)*)?$/],
  ['Access-Control-Allow-Headers', text],
  ['Access-Control-Allow-Credentials', /^(true)?$/],
  ['Access-Control-Expose-Headers', text],
  ['Access-Control-Max-Age', /^(\d{1,4}|[1-7]\d{4}|8[0-5]\d{3}|86[0-3]\d{2}|86400)?$/],
  ['Content-Security-Policy', text],
  ['X-Content-Type-Options', /^(nosniff)?$/],
  ['X-Frame-Options', /^(DENY|SAMEORIGIN|ALLOW-FROM [\x21-\x7e]{1,1000})?$/],
];

const keyOf = (header: string): string =>
  `routing.http.response.${header.toLowerCase().replaceAll('-', '_')}.header_value`;
const serverKey = 'routing.http.response.server.enabled';

/** Known attributes of HTTP listeners, with defaults and what each may hold. */
export const listenerAttributes: Record<string, { value: string; allowed: RegExp }> = {
  [serverKey]: { value: 'true', allowed: /^(true|false)$/ },
  ...Object.fromEntries(headers.map(([name, allowed]) => [keyOf(name), { value: '', allowed }])),
};

/** What a listener does to the headers of all its answers. */
export function headerChanges({ attributes = {} }: Pick<ListenerRecord, 'attributes'>): {
  set: [name: string, value: string][];
  hideServer: boolean;
} {
  const set = headers.flatMap(([name]): [string, string][] => {
    const value = attributes[keyOf(name)] ?? '';
    return value ? [[name, value]] : [];
  });
  return { set, hideServer: attributes[serverKey] === 'false' };
}
