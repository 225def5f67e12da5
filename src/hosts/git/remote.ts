import { PipelineError } from '@golden-pipeline/shared/errors';
import { git, nameOf, topLevel } from './run-git.ts';

/** The URL of the remote `origin` of a repository; undefined without one. One call of git. @throws as {@link topLevel} */
export async function readRemote(repository: string): Promise<string | undefined> {
  const { exitCode, stdout } = await git(await topLevel(repository), ['remote', 'get-url', 'origin']);
  return exitCode === 0 && stdout !== '' ? nameOf(stdout.split('\n', 1)[0] ?? '') : undefined;
}

/** The web page of a commit by the remote of a clone; undefined without a clone, a remote, or a page. */
export async function readCommitUrl(repository: string, commit: string): Promise<string | undefined> {
  try {
    const remote = await readRemote(repository);
    return remote === undefined ? undefined : commitUrl(remote, commit);
  } catch (error) {
    // A link is never worth a failure.
    if (error instanceof PipelineError) return undefined;
    throw error;
  }
}

/** Host names under which both sites take SSH on port 443, and the site itself. */
const aliases: Readonly<Record<string, string>> = { 'ssh.github.com': 'github.com', 'altssh.gitlab.com': 'gitlab.com' };

/**
 * The web page of a commit, where the remote is GitHub or GitLab, also one of a company (`gitlab.example.com`); undefined for another
 * remote. Credentials in the remote's URL are left out.
 * @param remote URL of git: `https://…`, `ssh://…`, or `user@host:path`
 */
export function commitUrl(remote: string, commit: string): string | undefined {
  const { host, path } = parseRemote(remote.trim()) ?? {};
  if (host === undefined || path === undefined) return undefined;
  const names = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  if (!/^[\w.~-]+(\/[\w.~-]+)+$/.test(names)) return undefined;
  if (isSite(host, 'github') && names.split('/').length === 2) return `https://${host}/${names}/commit/${commit}`;
  if (isSite(host, 'gitlab')) return `https://${host}/${names}/-/commit/${commit}`;
  return undefined;
}

/** `github.com`, `github.example.com`, `gitlab.example.com:8443` */
const isSite = (host: string, site: string): boolean => host.split('.')[0] === site;

function parseRemote(remote: string): { host: string; path: string } | undefined {
  if (/^(https?|ssh|git):\/\//i.test(remote)) {
    if (!URL.canParse(remote)) return undefined;
    const { protocol, hostname, host, pathname } = new URL(remote);
    // Only a port of the web is one of its pages.
    return { host: /^http/.test(protocol) ? host : named(hostname.toLowerCase()), path: pathname };
  }
  const [, host, path] = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(remote) ?? [];
  return host === undefined || path === undefined ? undefined : { host: named(host.toLowerCase()), path };
}

const named = (host: string): string => aliases[host] ?? host;
