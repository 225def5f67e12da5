/**
 * What a load balancer's attributes do to the headers of each request: the caller is named in `X-Forwarded-For`, with the port of
 * the client where that is wanted, and header names with other characters than letters, digits and hyphens can be dropped.
 */
export function requestHeaders(attributes: Record<string, string>): string[] {
  const drop = attributes['routing.http.drop_invalid_header_fields.enabled'] === 'true';
  return [...(drop ? ['http-request del-header [^-A-Za-z0-9] -m reg'] : []), ...forwardedFor(attributes)];
}

function forwardedFor(attributes: Record<string, string>): string[] {
  const mode = attributes['routing.http.xff_header_processing.mode'] ?? 'append';
  if (mode === 'preserve') return [];
  if (mode === 'remove') return ['http-request del-header X-Forwarded-For'];
  const withPort = attributes['routing.http.xff_client_port.enabled'] === 'true';
  return [`http-request add-header X-Forwarded-For ${withPort ? '%[src]:%[src_port]' : '%[src]'}`];
}
