import type { OutboxRecord } from '../../ledger/notification.ts';
import { tell } from '../../notify/text.ts';
import { columns } from './table.ts';
import { type Colors, shortTime } from './text.ts';

/** So much of a headline is shown. */
const widest = 60;

/** The table of `pipeline notify list`. */
export function renderNotifications(records: readonly OutboxRecord[], colors: Colors): string {
  if (records.length === 0) return 'no notifications yet\n';
  const rows = records.map((record) => [
    record.notification.id,
    cut(tell(record.notification).headline),
    stateOf(record),
    record.attempts,
    record.reason,
  ]);
  return `${columns(['notification', 'text', 'state', 'attempts', 'reason'], rows, colors)}\n`;
}

function stateOf({ state, endedAt, nextAt, attempts }: OutboxRecord): string {
  if (state === 'waiting') return attempts === 0 ? 'waiting' : `waiting until ${shortTime(nextAt)}`;
  return endedAt === undefined ? state : `${state} ${shortTime(endedAt)}`;
}

const cut = (text: string): string => (text.length > widest ? `${text.slice(0, widest - 1)}…` : text);
