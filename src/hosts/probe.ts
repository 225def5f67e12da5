/** The response to one request. */
export interface ProbeAnswer {
  status: number;
  body: string;
  ms: number;
  /** Response headers, names in lower case. */
  headers?: Record<string, string>;
}

/** One GET request; rejects when there is no answer. */
export type Probe = (
  url: string,
  options: { timeoutMs: number; headers?: Record<string, string> },
) => Promise<ProbeAnswer>;

/** Probes over the network. Redirects are not followed, as the answer of the load balancer itself is checked. */
export const httpProbe: Probe = async (url, { timeoutMs, headers }) => {
  const started = performance.now();
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
  const body = await response.text();
  return {
    status: response.status,
    body,
    ms: performance.now() - started,
    headers: Object.fromEntries(response.headers),
  };
};
