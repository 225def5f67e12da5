import type { TargetSettings } from '../../config/schema/notify.ts';
import { commitUrl } from '../../hosts/git/remote.ts';
import type { Notification } from '../../ledger/notification.ts';
import { DeliveryError } from '../delivery-error.ts';
import type { HttpRequest } from '../http.ts';
import type { DeliveryTools, Target } from '../target.ts';
import { tell } from '../text.ts';

type Settings = TargetSettings<'github'>;
type Tools = DeliveryTools<Settings>;

/** Longest description that GitHub takes. */
const longest = 140;

/** Deployments of GitHub: one for each run, with its state. */
export const github: Target<Settings> = {
  to: 'github',
  // A status `in_progress` after the end would take the deployment back.
  updates: true,
  events: () => ['started', 'released', 'rolled-back', 'failed'],
  async deliver(notification, previous, tools) {
    if (notification.occasion === 'test') return test(tools);
    const state = states(notification);
    if (state === undefined) return undefined;
    const repository = await repositoryOf(tools);
    const deployment = previous?.deployment ?? (await findOrCreate(notification, repository, tools));
    await request(tools, 'POST', `/repos/${repository}/deployments/${deployment}/statuses`, {
      state,
      description: shortened(tell(notification).headline),
      auto_inactive: state === 'success',
    });
    return { deployment };
  },
};

/** The state of a deployment; undefined for what is not one. */
function states({ occasion, run, brings, overtaken }: Notification): string | undefined {
  if (brings === 'scale' || brings === 'restarted') return undefined;
  if (occasion === 'started') return 'in_progress';
  // A success would make it the active one.
  if (occasion === 'released' || occasion === 'rolled-back') return overtaken ? 'inactive' : 'success';
  if (occasion === 'failed') return run?.outcome === 'manual-intervention' ? 'error' : 'failure';
  return undefined;
}

/** A deployment whose answer was lost is found by the run in its payload. */
async function findOrCreate(notification: Notification, repository: string, tools: Tools): Promise<number> {
  const { app, environment, commit, run, version } = notification;
  if (commit === undefined) throw new DeliveryError('refused', 'the run has no commit, which a deployment needs');
  const query = new URLSearchParams({ sha: commit, environment, per_page: '50' });
  const { text } = await request(tools, 'GET', `/repos/${repository}/deployments?${query}`);
  const known = readDeployments(text).find(({ payload }) => payload?.run === run?.id);
  if (known) return known.id;
  const { json } = await request(tools, 'POST', `/repos/${repository}/deployments`, {
    ref: commit,
    environment,
    // Otherwise GitHub merges the default branch, or refuses while checks are pending.
    auto_merge: false,
    required_contexts: [],
    description: shortened(`${app}${version === undefined ? '' : ` ${version}`}`),
    payload: { run: run?.id, app, version },
  });
  if (typeof json.id === 'number') return json.id;
  throw new DeliveryError('refused', 'GitHub answered without the id of the deployment');
}

function readDeployments(text: string): { id: number; payload?: { run?: unknown } }[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** Only reads: a deployment for a test would stay. */
async function test(tools: Tools): Promise<{ repository: string }> {
  const repository = await repositoryOf(tools);
  await request(tools, 'GET', `/repos/${repository}/deployments?per_page=1`);
  return { repository };
}

function request(
  { settings: { api, token }, http }: Tools,
  method: HttpRequest['method'],
  path: string,
  body?: object,
) {
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'x-github-api-version': '2022-11-28',
  };
  return http({ method, url: `${api}${path}`, headers, ...(body && { body }) });
}

/** As configured, else that of the remote `origin`. */
async function repositoryOf({ settings, remote }: Tools): Promise<string> {
  if (settings.repository !== undefined) return settings.repository;
  const origin = await remote();
  const page = origin === undefined ? undefined : commitUrl(origin, 'x');
  const name = /^https:\/\/[^/]+\/([^/]+\/[^/]+)\/commit\/x$/.exec(page ?? '')?.[1];
  if (name !== undefined) return name;
  throw new DeliveryError('unavailable', 'the remote origin of the clone is not at GitHub: set `repository`');
}

const shortened = (text: string) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
