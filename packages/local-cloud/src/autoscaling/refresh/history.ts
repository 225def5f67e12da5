import type { CloudState } from '../../model.ts';

/** How long a refresh can be described after its end: six weeks (DescribeInstanceRefreshes, doc). */
const HISTORY_MS = 42 * 86_400_000;

/** Drops the records of refreshes that ended long ago. */
export function forgetRefreshes(state: CloudState, now: number): void {
  for (const { id, endTime } of Object.values(state.refreshes)) {
    if (endTime !== undefined && endTime + HISTORY_MS <= now) delete state.refreshes[id];
  }
}
