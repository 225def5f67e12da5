import type { Services } from './services.ts';

/** The folder of the app on its hosts: `/srv/<app>`, or what `ansible.variables` gives the role as `release_root`. */
export function releaseRoot({ app, ansible }: Pick<Services['fleet'], 'app' | 'ansible'>): string {
  const own = ansible.variables.release_root;
  // A template is known to Ansible alone.
  return typeof own === 'string' && /^\/[\w./-]+$/.test(own) ? own : `/srv/${app}`;
}
