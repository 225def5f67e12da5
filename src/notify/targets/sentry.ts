import type { TargetSettings } from '../../config/schema/notify.ts';
import type { Notification } from '../../ledger/notification.ts';
import { DeliveryError } from '../delivery-error.ts';
import type { Target } from '../target.ts';

/** The name of a release in Sentry, where releases belong to the organization; the service gets it as SENTRY_RELEASE. */
export function sentryRelease(app: string, commit: string): string {
  return `${app}@${commit}`;
}

/** Releases of Sentry with their commits, and a deploy for each environment. */
export const sentry: Target<TargetSettings<'sentry'>> = {
  to: 'sentry',
  events: () => ['released', 'rolled-back'],
  async deliver(notification, _previous, { settings, http }) {
    const { api, organization, token, projects, repository } = settings;
    const headers = { authorization: `Bearer ${token}` };
    const home = `${api}/api/0/organizations/${organization}/releases/`;
    if (notification.occasion === 'test') {
      await http({ method: 'GET', url: `${home}?per_page=1`, headers });
      return undefined;
    }
    const { app, commit, environment, occasion, run, id } = notification;
    if (occasion !== 'released' && occasion !== 'rolled-back') return undefined;
    if (app === undefined || commit === undefined) {
      throw new DeliveryError('refused', 'the run has no commit, which a release of Sentry is named after');
    }
    const version = sentryRelease(app, commit);
    // Answered with 208 when there is one of this name, which then gets the projects and commits that it lacks.
    await http({
      method: 'POST',
      url: home,
      headers,
      body: { version, projects, ...(occasion === 'released' && { commits: commitsOf(notification, repository) }) },
    });
    await http({
      method: 'POST',
      url: `${home}${encodeURIComponent(version)}/deploys/`,
      headers,
      body: { environment, name: id, ...(run && { dateStarted: run.startedAt }), dateFinished: notification.at },
    });
    return { version };
  },
};

/** Those that are new, the newest first; at least the released one. */
function commitsOf({ since, commit, at }: Notification, repository: string | undefined): object[] {
  const commits = since?.commits ?? [];
  const all = commits.length > 0 || commit === undefined ? commits : [{ commit, subject: '', author: '' }];
  return all.map(({ commit: id, subject, author }) => ({
    id,
    ...(subject !== '' && { message: subject }),
    ...(author !== '' && { author_name: author }),
    ...(repository !== undefined && { repository }),
    timestamp: at,
  }));
}
