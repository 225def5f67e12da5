import { backendName } from './names.ts';
import { forwardWeights } from './weights.ts';

/** ELB's cookie of stickiness to one of an action's target groups. */
const cookie = 'AWSALBTG';

/** For how many seconds clients of a forward action stay with its target group; undefined when they do not. */
export function stickySeconds(action: Record<string, unknown>): number | undefined {
  const { TargetGroupStickinessConfig: config } = (action.ForwardConfig ?? {}) as {
    TargetGroupStickinessConfig?: { Enabled?: boolean; DurationSeconds?: number };
  };
  return config?.Enabled ? Math.trunc(config.DurationSeconds ?? 1) : undefined;
}

/**
 * Directives of a frontend that keep a client with the target group of its cookie, whatever the weights are. The one of `backend` comes
 * before the one that draws; that of `request` is for {@link stickyAnswers}. `when` is the condition that the rule was chosen, or empty.
 */
export function stickyChoice(action: Record<string, unknown>, when: string): { request: string[]; backend: string[] } {
  const seconds = stickySeconds(action);
  if (seconds === undefined) return { request: [], backend: [] };
  const names = forwardWeights(action).map(({ arn }) => backendName(arn));
  const named = `req.cook(${cookie}),b64dec`;
  return {
    request: [`http-request set-var(txn.stay) int(${seconds})${when ? ` if ${when}` : ''}`],
    // Only target groups of the action: a cookie may hold anything.
    backend: [
      `use_backend %[${named}] if ${[when, `{ ${named} -m str ${names.join(' ')} }`].filter(Boolean).join(' ')}`,
    ],
  };
}

/** Directives of a frontend that give the cookie with every answer of a sticky action. */
export function stickyAnswers(actions: readonly Record<string, unknown>[]): string[] {
  const durations = [...new Set(actions.map(stickySeconds))].filter((one) => one !== undefined);
  return durations.map(
    (seconds) =>
      `http-response add-header Set-Cookie "${cookie}=%[be_name,base64]; Expires=%[date(${seconds}),http_date]; Path=/" if { var(txn.stay) -m int ${seconds} }`,
  );
}
