/** A moment in milliseconds since the epoch: what the product works with. It is text only at argv, in JSON and for AWS. */
export type Instant = number;

/** ISO text of a moment, in UTC. */
export function instantText(instant: Instant): string {
  return new Date(instant).toISOString();
}

/** The moment that an ISO text names; undefined for no text, or one that does not name a moment. */
export function parseInstant(text: string | undefined): Instant | undefined {
  const instant = instantOf(text);
  return Number.isNaN(instant) ? undefined : instant;
}

/** The same; NaN where there is none, with which no comparison holds. */
export function instantOf(text: string | undefined): Instant {
  return text === undefined ? Number.NaN : Date.parse(text);
}

/** A moment to the second, as AWS keeps those of schedules. */
export function wholeSeconds(instant: Instant): number {
  return Math.floor(instant / 1000);
}
