import type { CallReport } from 'golden-pipeline-local-cloud/client';
import { columns } from './table.ts';
import { type Colors, clockTime, duration } from './text.ts';

/** Calls, oldest first: when, what, what was answered, how long it took, by whom. */
export function renderCalls({ calls, totals }: CallReport, colors: Colors): string {
  if (calls.length === 0) return 'no such call\n';
  const rows = calls.map((call) => [
    clockTime(call.at),
    call.service,
    call.operation,
    call.status === 0 ? 'cut' : [call.status, call.code].filter(Boolean).join(' '),
    duration(call.ms / 1000),
    by(call),
    call.faults?.join(' '),
  ]);
  const all = totals.reduce((sum, total) => sum + total.calls, 0);
  const rest = all > calls.length ? `${colors.dim(`the last ${calls.length} of ${all} calls`)}\n` : '';
  return `${columns(['TIME', 'SERVICE', 'OPERATION', 'ANSWER', 'TOOK', 'BY', 'FAULTS'], rows, colors)}\n${rest}`;
}

/** How often each operation was called. */
export function renderTotals({ totals }: CallReport, colors: Colors): string {
  if (totals.length === 0) return 'no such call\n';
  const rows = totals.map(({ service, operation, calls, failed, codes }) => [
    service,
    operation,
    calls,
    failed,
    Object.entries(codes)
      .map(([code, count]) => `${code} ${count}`)
      .join(', '),
  ]);
  return `${columns(['SERVICE', 'OPERATION', 'CALLS', 'FAILED', 'CODES'], rows, colors)}\n`;
}

/** The program and the key: all callers may share one key, so the program says more. */
function by({ accessKeyId, userAgent }: CallReport['calls'][number]): string {
  const program = /^[^\s]+/.exec(userAgent ?? '')?.[0];
  return [program, accessKeyId && `(${accessKeyId})`].filter(Boolean).join(' ');
}
