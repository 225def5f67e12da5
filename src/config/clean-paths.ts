/**
 * Rules for paths that are the identity of one host. The program that removes them
 * (ansible/roles/release/files/clean.py) has the same rules for values from a role; a test compares the two.
 */

/** Folders that many programs share: neither a whole folder nor all of its contents is the identity of one host. */
const common = new Set([
  ...['/', '/etc', '/home', '/media', '/mnt', '/opt', '/root', '/srv', '/tmp', '/usr/local', '/var', '/var/cache'],
  ...['/var/db', '/var/lib', '/var/log', '/var/mail', '/var/opt', '/var/spool', '/var/tmp'],
]);

/** Folders of the operating system. */
const system = new RegExp(
  [
    '^/(usr(?!/local/.)|bin|boot|dev|lib\\w*|proc|run|sbin|sys|var/(lock|run)|var/lib/(apt|dpkg|rpm|pacman)',
    '|etc/(apt|alternatives|fstab|group|gshadow|init\\.d|ld\\.so[^/]*|nsswitch\\.conf|pam\\.d|passwd|shadow|ssl|sudoers(\\.d)?|systemd))(/|$)',
  ].join(''),
);

/** Keys of `release.clean` and the matching variables of the release role. */
export const cleanSettings = {
  paths: 'release_clean',
  madeAtBoot: 'release_clean_made_at_boot',
  shared: 'release_clean_shared',
  keep: 'release_clean_keep',
} as const;

/** What is expected instead of a path; undefined for one that may be removed. */
export function cleanPathProblem(path: string): string | undefined {
  const parts = path.split('/').slice(1);
  if (!path.startsWith('/') || /\p{Cc}/u.test(path)) return 'an absolute path';
  if (common.has(path)) return 'something inside of that folder, as it is not identity of one host';
  if (parts.some((part) => ['', '.', '..'].includes(part))) return 'a path without //, ., .. and / at its end';
  if (system.test(path)) return 'a path that does not belong to the operating system';
  if (/^\/home\/[^/]+$/.test(path)) return 'something inside of that home';
  for (const [index, part] of parts.entries()) {
    const above = `/${parts.slice(0, index).join('/')}`;
    if (/^[*?]+$/.test(part) && common.has(above) && above !== '/home')
      return `a name in ${above}, not all that is there`;
    if (index === 0 && /[*?[]/.test(part)) return 'a path whose first folder has no *';
  }
  return undefined;
}

/** What is expected instead of a name in the shared folder; undefined for one that may be emptied. */
export function sharedNameProblem(name: string): string | undefined {
  const fits = !/\p{Cc}/u.test(name) && !name.split('/').some((part) => ['', '.', '..'].includes(part));
  return fits ? undefined : 'a name in the shared folder, without / at its ends, . or ..';
}
