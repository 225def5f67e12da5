import type { FleetLogEntry } from '../../logs/entry.ts';
import { instantText } from '../../shared/instant.ts';
import { type Colors, clockTime, oneLine } from './text.ts';

/** Instance prefixes are at least as long as `i-` and six digits. */
const shortest = 8;

/** The shortest beginnings of ids that tell these instances apart; `--instance` accepts them. */
export function shortIds(ids: readonly string[]): Map<string, string> {
  let length = shortest;
  while (new Set(ids.map((id) => id.slice(0, length))).size < new Set(ids).size) length++;
  return new Map(ids.map((id) => [id, id.slice(0, length)]));
}

/** Writes log lines: for people with instance, version and time in front, each instance in its color; or as JSON lines. */
export interface LogView {
  /** Instances whose lines may come. */
  hosts(ids: readonly string[]): void;
  line(entry: FleetLogEntry): string;
}

/** Lines for people. @param now Lines of another day show their date. */
export function textView(colors: Colors, now: () => number): LogView {
  const palette = [colors.cyan, colors.green, colors.yellow, colors.magenta, colors.blue, colors.red];
  const order = new Map<string, number>();
  let names = new Map<string, string>();
  let width = 0;
  return {
    hosts(ids) {
      for (const id of ids) if (!order.has(id)) order.set(id, order.size);
      names = shortIds([...order.keys()]);
      width = Math.max(0, ...[...names.values()].map((name) => name.length));
    },
    line({ instanceId, version = '-', at, text, cut }) {
      const paint = palette[(order.get(instanceId) ?? 0) % palette.length] ?? colors.cyan;
      const name = (names.get(instanceId) ?? instanceId).padEnd(width);
      const rest = cut === undefined ? '' : colors.dim(` … [${cut} bytes]`);
      return `${paint(`${name} ${version}`)} ${colors.dim(timeOf(at, now()))}  ${oneLine(text)}${rest}\n`;
    },
  };
}

/** One JSON object a line. */
export function jsonView(): LogView {
  return {
    hosts: () => undefined,
    line: ({ at, instanceId, version, text, cut }) =>
      `${JSON.stringify({
        at: at === null ? null : instantText(at),
        instance: instanceId,
        version: version ?? null,
        message: text,
        ...(cut !== undefined && { bytes: cut }),
      })}\n`,
  };
}

function timeOf(at: number | null, now: number): string {
  if (at === null) return '-'.padEnd(12);
  const time = `${clockTime(at)}.${String(Math.floor(at % 1000)).padStart(3, '0')}`;
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')} ${time}`;
}
