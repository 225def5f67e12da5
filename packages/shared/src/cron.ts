/** A recurring schedule: the minutes, hours, days and months at which it is due. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** With both restricted, either day is enough (crontab(5)). */
  readonly eitherDay: boolean;
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Reads the five fields minute, hour, day of month, month, day of week; undefined for anything that is not such a schedule. */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  const minutes = parseField(minute, 0, 59);
  const hours = parseField(hour, 0, 23);
  const days = parseField(day, 1, 31);
  const months = parseField(month, 1, 12, monthNames, 1);
  const weekdays = parseField(weekday, 0, 7, dayNames, 0);
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  return {
    minutes: [...minutes].sort((a, b) => a - b),
    hours: [...hours].sort((a, b) => a - b),
    days,
    months,
    weekdays: new Set([...weekdays].map((n) => n % 7)),
    eitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
  };
}

/** Lists of numbers, names, ranges and steps; `*` is all. */
function parseField(text: string, min: number, max: number, names: string[] = [], base = 0): Set<number> | undefined {
  const values = new Set<number>();
  const number = (word: string): number => {
    const named = names.indexOf(word.toLowerCase());
    if (named >= 0) return named + base;
    return /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  };
  for (const part of text.split(',')) {
    const [range = '', stepText, ...more] = part.split('/');
    const step = stepText === undefined ? 1 : number(stepText);
    const ends = range === '*' ? [min, max] : range.split('-').map(number);
    const [from = Number.NaN, to = stepText === undefined ? from : max] = ends;
    if (more.length > 0 || ends.length > 2 || !(step >= 1) || !(from >= min) || !(to <= max) || !(from <= to))
      return undefined;
    for (let n = from; n <= to; n += step) values.add(n);
  }
  return values;
}

/** Days are looked through that far: 29 February comes again within eight years. */
const MAX_DAYS = 8 * 366 + 1;
const DAY_MS = 86_400_000;

/**
 * The first time after `after` (milliseconds since the epoch) at which the schedule is due in the time zone. Times that the
 * change to summer time skips are left out; those that it repeats count once. Undefined for a day that never comes (30 February).
 */
export function nextRun(cron: Cron, timeZone: string, after: number): number | undefined {
  const local = new Date(after + offsetAt(timeZone, after));
  const first = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate());
  for (let n = 0; n < MAX_DAYS; n++) {
    const day = new Date(first + n * DAY_MS);
    if (!isDue(cron, day)) continue;
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) {
        const at = toInstant(timeZone, day.getTime() + (hour * 60 + minute) * 60_000);
        if (at !== undefined && at > after) return at;
      }
    }
  }
  return undefined;
}

function isDue({ days, months, weekdays, eitherDay }: Cron, day: Date): boolean {
  if (!months.has(day.getUTCMonth() + 1)) return false;
  const byDate = days.has(day.getUTCDate());
  const byWeekday = weekdays.has(day.getUTCDay());
  return eitherDay ? byDate || byWeekday : byDate && byWeekday;
}

/** The instant of a wall-clock time (given as if it were UTC); undefined for one that the clocks skip. */
function toInstant(timeZone: string, wall: number): number | undefined {
  // The offset before and after a change of the clocks: the earlier instant is tried first.
  const offsets = [offsetAt(timeZone, wall - DAY_MS), offsetAt(timeZone, wall + DAY_MS)];
  return offsets.map((offset) => wall - offset).find((at) => at + offsetAt(timeZone, at) === wall);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds that the zone's clocks are ahead of UTC. */
function offsetAt(timeZone: string, at: number): number {
  if (timeZone === 'UTC') return 0;
  let format = formats.get(timeZone);
  if (!format) {
    const numeric = 'numeric' as const;
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...fields });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

/** Whether the name is one of the IANA time zones. */
export function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +02:00 are understood, but are not names.
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat('en-US', { timeZone: name }));
  } catch {
    return false;
  }
}
