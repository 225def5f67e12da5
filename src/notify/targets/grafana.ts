import type { TargetSettings } from '../../config/schema/notify.ts';
import { instantOf } from '../../shared/instant.ts';
import type { Target } from '../target.ts';
import { tell } from '../text.ts';

/** An annotation of Grafana, from the start of a run to its end: of one dashboard, or of the organization. */
export const grafana: Target<TargetSettings<'grafana'>> = {
  to: 'grafana',
  events: () => ['released', 'rolled-back', 'failed', 'hold', 'scale'],
  async deliver(notification, _previous, { settings: { url, token, dashboard }, http }) {
    const { occasion, app, environment, at, run } = notification;
    const { headline, details } = tell(notification);
    const end = instantOf(at);
    const { json } = await http({
      method: 'POST',
      url: `${url.replace(/\/+$/, '')}/api/annotations`,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      body: {
        ...(dashboard !== undefined && { dashboardUID: dashboard }),
        ...(run ? { time: instantOf(run.startedAt), timeEnd: end } : { time: end }),
        tags: ['pipeline', occasion, environment, ...(app === undefined ? [] : [app])],
        text: [headline, ...details].map(escaped).join('\n'),
      },
    });
    return typeof json.id === 'number' ? { annotation: json.id } : undefined;
  },
};

/** Grafana shows the text as HTML. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
