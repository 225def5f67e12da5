import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';

/** A date and a time of day with its zone: seconds may be left out, the zone may not. */
const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * A time from the command line, in milliseconds since the epoch.
 * @throws usage error `time.shape` for a time without a zone, or none at all
 */
export function timeOf(text: string, flag: string): number {
  const time = shape.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes 30 February for a day in March.
  const [, day = ''] = /^\d{4}-\d{2}-(\d{2})/.exec(text) ?? [];
  const zone = /([+-])(\d{2}):(\d{2})$/.exec(text);
  const offset = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) * 60_000 : 0;
  if (!Number.isNaN(time) && new Date(time + offset).getUTCDate() === Number(day)) return time;
  const zoneless = shape.test(`${text}Z`);
  throw usageError(
    'time.shape',
    zoneless ? `${flag} ${show(text)} does not say in which zone` : `${flag} ${show(text)} is not a time`,
    zoneless
      ? `write ${text}Z for UTC, or e.g. ${text}+01:00`
      : 'write e.g. 2027-03-01T09:30+01:00 or 2027-03-01T08:30Z',
  );
}
