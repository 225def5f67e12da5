import type { ContextWith } from '../fleet/services.ts';
import { terminateBakeInstance } from '../fleet/terminate-host.ts';
import type { TaskChange } from '../hosts/types.ts';
import type { PlayFacts } from './facts.ts';

type Context = ContextWith<PlayFacts>;

/** Journals what a play has taken from the bake instance and a boot does not make again: that host does not return to service. */
export async function keepLost(context: Context, changes: readonly TaskChange[]): Promise<void> {
  const found = changes.flatMap((change) => change.lost ?? []);
  if (context.state.bake !== 'detach' || found.length === 0) return;
  await context.save({ lost: [...new Set([...(context.state.lost ?? []), ...found])] });
}

/** Terminates a bake instance that has lost what made it that host; the group launches another in its place. */
export async function terminateLostInstance(context: Context): Promise<void> {
  const { host, lost = [] } = context.state;
  if (!host) return;
  const [first, ...more] = lost;
  const rest = more.length > 0 ? `, and ${more.length} more` : '';
  context.note(`${host.instanceId} lost what a boot does not make again (${first}${rest}): it is terminated`);
  await terminateBakeInstance(context);
}
