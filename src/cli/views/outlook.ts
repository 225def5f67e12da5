import type { RollbackOutlook } from '../../rollback/outlook.ts';
import { duration, oneLine } from './text.ts';

/** One line: what a fast rollback would do now, and how long the last one took. */
export function renderOutlook({ version, method, why, lastSeconds }: RollbackOutlook): string {
  const what = version === null ? `would refuse: ${why}` : `to ${version} by ${method}: ${why}`;
  const last = lastSeconds === null ? '' : `; the last one took ${duration(lastSeconds)}`;
  return oneLine(`fast-rollback ${what}${last}`);
}
