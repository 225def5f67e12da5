import type { TargetSettings } from '../../config/schema/notify.ts';
import type { Target } from '../target.ts';
import { tell } from '../text.ts';

/** The longest summary that PagerDuty takes. */
const longest = 1024;

/** Change events of PagerDuty (Events API v2): no incident, but what has changed before one. */
export const pagerduty: Target<TargetSettings<'pagerduty'>> = {
  to: 'pagerduty',
  events: () => ['released', 'rolled-back', 'scale'],
  async deliver(notification, _previous, { settings: { routingKey, api }, http }) {
    const { app, environment, at, by, run, version, commit, id } = notification;
    const { headline, details } = tell(notification);
    await http({
      method: 'POST',
      url: `${api}/v2/change/enqueue`,
      body: {
        routing_key: routingKey,
        payload: {
          summary: headline.length > longest ? `${headline.slice(0, longest - 1)}…` : headline,
          timestamp: at,
          source: app === undefined ? environment : `${app} in ${environment}`,
          custom_details: { id, by, environment, app, version, commit, run: run?.id, details },
        },
      },
    });
    return undefined;
  },
};
