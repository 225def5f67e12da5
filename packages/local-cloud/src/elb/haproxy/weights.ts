import { backendName } from './names.ts';

/** Fineness of a split: each request draws a number below this. */
export const splitRange = 1_000_000;

interface ForwardAction {
  TargetGroupArn?: string;
  ForwardConfig?: { TargetGroups?: { TargetGroupArn?: string; Weight?: number }[] };
}

/** Target groups of a forward action with their weights (a single target group has weight 1). */
export function forwardWeights(raw: Record<string, unknown>): { arn: string; weight: number }[] {
  const action = raw as ForwardAction;
  const listed = action.ForwardConfig?.TargetGroups ?? [];
  if (listed.length === 1) return [{ arn: listed[0]?.TargetGroupArn ?? '', weight: 1 }];
  if (listed.length > 1) return listed.map((g) => ({ arn: g.TargetGroupArn ?? '', weight: g.Weight ?? 1 }));
  return action.TargetGroupArn ? [{ arn: action.TargetGroupArn, weight: 1 }] : [];
}

/**
 * Lines of the map that turns the drawn number into a backend: `<from>:<to> <backend>`. With all weights 0 there is no
 * line, no backend, and the answer is 503.
 */
export function splitLines(weights: { arn: string; weight: number }[]): string[] {
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  let before = 0;
  return weights.flatMap(({ arn, weight }) => {
    const from = Math.round((before / total) * splitRange);
    before += weight;
    const to = Math.round((before / total) * splitRange) - 1;
    return weight > 0 ? [`${from}:${to} ${backendName(arn)}`] : [];
  });
}
