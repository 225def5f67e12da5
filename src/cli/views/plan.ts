import type { ExpectedTime } from '../../engine/events.ts';
import type { Plan } from '../../engine/step.ts';
import { aboutText } from './progress.ts';
import { type Colors, oneLine, printable } from './text.ts';

/** The part of a plan that the views need, whatever its services and state are. */
export interface ShownPlan {
  readonly operation: string;
  readonly app: string;
  readonly environment: string;
  readonly steps: readonly { readonly id: string; readonly title: string }[];
  readonly described: Plan<unknown, unknown>['described'];
  /** Who is active on the app meanwhile. */
  readonly activeRun?: object;
  /** How long the last runs like it have taken; undefined where there are none. */
  readonly expected?: ExpectedTime | undefined;
}

/** `--dry-run` for people. */
export function renderPlan(plan: ShownPlan, colors: Colors): string {
  const head = colors.bold(`${plan.operation} ${plan.app} in ${plan.environment} would do, in this order:`);
  const steps = plan.steps.map((step, index) => {
    const lines = (plan.described[step.id] ?? []).map((line) => `     ${printable(line).replaceAll('\n', '\n     ')}`);
    return [`${String(index + 1).padStart(2)}. ${colors.bold(step.id)}  ${oneLine(step.title)}`, ...lines].join('\n');
  });
  const expected = plan.expected ? [`it usually takes ${aboutText(plan.expected.seconds)}`] : [];
  return `${[head, ...steps, ...expected].join('\n')}\n${colors.dim('nothing was changed (--dry-run)')}\n`;
}

/** `--dry-run --json`. */
export function planDocument(plan: ShownPlan): Record<string, unknown> {
  return {
    operation: plan.operation,
    app: plan.app,
    environment: plan.environment,
    steps: plan.steps.map(({ id, title }) => ({ id, title, lines: plan.described[id] ?? [] })),
    ...(plan.expected && { expectedSeconds: plan.expected.seconds }),
    ...(plan.activeRun && { activeRun: plan.activeRun }),
  };
}
