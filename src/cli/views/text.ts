import { stripVTControlCharacters } from 'node:util';
import { visible } from '@golden-pipeline/shared/text';
import picocolors from 'picocolors';
import prettyMilliseconds from 'pretty-ms';

/** Color functions that do nothing when `enabled` is false. */
export type Colors = ReturnType<typeof picocolors.createColors>;

export function colorsFor(enabled: boolean): Colors {
  return picocolors.createColors(enabled);
}

/**
 * Text from elsewhere (a task's output, a branch's name) made safe to show: colors and carriage returns are dropped, other
 * control characters become visible escapes; tabs and line ends stay.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\r\n', '\n')
    .split(/(?<=[\n\t])/)
    .map((part) => (/[\n\t]$/.test(part) ? visible(part.slice(0, -1)) + part.slice(-1) : visible(part)))
    .join('');
}

/** One line of it, for titles and table cells. */
export function oneLine(text: string): string {
  return printable(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

/** `850ms`, `12.4s`, `3m 5s`: short enough for a column. */
export function duration(seconds: number): string {
  return prettyMilliseconds(seconds < 1 ? Math.round(seconds * 1000) : seconds * 1000, { secondsDecimalDigits: 1 });
}

/** `2026-05-04 12:03` in the reader's own zone, from an ISO time. */
export function shortTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return oneLine(iso);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** `12:03:10` in the reader's own zone. */
export function clockTime(milliseconds: number): string {
  const at = new Date(milliseconds);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

const pad = (value: number): string => String(value).padStart(2, '0');
