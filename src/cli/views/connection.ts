import type { ConnectionReport, Outage } from '../../engine/connection.ts';
import { clockTime, duration } from './text.ts';

/** What a run is waiting for, by the kind of outage; the time since then follows. */
const states: Record<Outage['kind'], string> = {
  network: 'no connection to AWS',
  service: 'AWS answers with internal errors',
  throttled: 'AWS throttles the calls of this account',
  credentials: 'the AWS credentials have expired, log in again: aws sso login;',
};

/** `no connection to AWS for 40s; retrying until 20:14, Ctrl-C to stop here`, or that there is one again. */
export function connectionText(event: ConnectionReport): string {
  const length = duration(event.seconds);
  if (event.code === 'connection.restored') return `AWS can be reached again after ${length}; the run continues`;
  const until = clockTime(event.until).slice(0, 5);
  const since = event.kind === 'credentials' ? `waiting for ${length}` : `for ${length}`;
  return `${states[event.kind]} ${since}; retrying until ${until}, Ctrl-C to stop here (${event.reason})`;
}
