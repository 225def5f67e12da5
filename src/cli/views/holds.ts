import type { HoldRecord } from '../../ledger/holds.ts';
import { oneLine, shortTime } from './text.ts';

/** `on hold by ann@laptop since 2027-03-01 09:12 until 2027-03-01 14:00: sale of the final`. */
export function holdText({ by, since, until, reason }: HoldRecord): string {
  const end = until === undefined ? ' until somebody ends it' : ` until ${shortTime(until)}`;
  return oneLine(`on hold by ${by} since ${shortTime(since)}${end}: ${reason}`);
}

/** `api in production is on hold by …`. */
export function holdLine(hold: HoldRecord): string {
  return `${heldBy(hold)} is ${holdText(hold)}`;
}

/** `api in production is no longer on hold (by ann@laptop since …: reason)`. */
export function endedLine(hold: HoldRecord): string {
  return oneLine(
    `${heldBy(hold)} is no longer on hold; it was by ${hold.by} since ${shortTime(hold.since)}: ${hold.reason}`,
  );
}

const heldBy = ({ app, environment }: HoldRecord): string =>
  app === undefined ? `environment ${environment}` : `${app} in ${environment}`;
