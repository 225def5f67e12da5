import type { ReleaseContext } from '../services.ts';
import { endHost } from './end-host.ts';

/** Terminates a host on which plays have changed more than the release's own folder: no undo takes that back. */
export async function endChangedHost(context: ReleaseContext): Promise<void> {
  const { host, changedOutside = [], version } = context.state;
  if (!host) return;
  const [first, ...more] = changedOutside;
  const rest = more.length > 0 ? `, and ${more.length} more` : '';
  context.note(`plays of ${version} have changed ${host.instanceId} itself (${first}${rest}): it is terminated`);
  await endHost(context);
}
