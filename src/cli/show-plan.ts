import type { CommandOptions } from './command.ts';
import { type CliContext, useColor } from './context.ts';
import { writeJson } from './views/json.ts';
import { planDocument, renderPlan, type ShownPlan } from './views/plan.ts';
import { colorsFor } from './views/text.ts';

/** `--dry-run`: prints a plan, for people or as one JSON document. */
export function showPlan(context: CliContext, options: CommandOptions, plan: ShownPlan): void {
  if (options.json) writeJson(context.stdout, planDocument(plan));
  else context.stdout.write(renderPlan(plan, colorsFor(useColor(context, options, context.stdout))));
}
