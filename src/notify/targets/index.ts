import type { NotifyTarget } from '../../config/schema/notify.ts';
import type { Target } from '../target.ts';
import { email } from './email.ts';
import { github } from './github.ts';
import { grafana } from './grafana.ts';
import { graphite } from './graphite.ts';
import { irc } from './irc.ts';
import { otlp } from './otlp.ts';
import { pagerduty } from './pagerduty.ts';
import { sentry } from './sentry.ts';
import { slack } from './slack.ts';
import { statsd } from './statsd.ts';
import { teams } from './teams.ts';
import { webhook } from './webhook.ts';

/** Every kind of target. A new one is a file, a line in here, and its settings in src/config/schema/notify.ts. */
const targets: { [Kind in NotifyTarget['to']]: Target<Extract<NotifyTarget, { to: Kind }>> } = {
  slack,
  webhook,
  email,
  github,
  sentry,
  graphite,
  teams,
  grafana,
  statsd,
  pagerduty,
  otlp,
  irc,
};

/** What delivers to a target of these settings. */
export function targetOf({ to }: Pick<NotifyTarget, 'to'>): Target {
  // Each is only given settings of its own kind.
  return targets[to] as unknown as Target;
}
