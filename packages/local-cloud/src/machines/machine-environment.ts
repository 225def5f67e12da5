import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';

/** Settings that a machine needs to reach the network as its host does. */
const forwarded = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'npm_config_registry',
  'NPM_CONFIG_REGISTRY',
];

/** Settings that name a file of certificates on the host; the machine gets a copy. */
const certificateFiles = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'GIT_SSL_CAINFO',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
];

/** Where the machine finds the folder that the host gives it. */
export const seedMount = '/run/cloud';

/** Where a Node that is not below /usr (nvm and the like) is mounted. */
export const nodeMount = '/opt/node';

export interface MachineEnvironment {
  /** Environment of the init, so of the services, and of SSH sessions. */
  variables: Record<string, string>;
  /** Files to put into the machine's seed: name there, path on the host. */
  files: Record<string, string>;
  /** Folder of the host's Node to mount at `nodeMount`, if it needs it. */
  nodePrefix?: string;
}

/** What a machine inherits of its host's environment, and `extra` over it. */
export function machineEnvironment(
  host: NodeJS.ProcessEnv,
  extra: Record<string, string> = {},
  execPath: string = process.execPath,
): MachineEnvironment {
  const nodePrefix = prefixOutsideUsr(execPath);
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const variables: Record<string, string> = {
    PATH: nodePrefix ? `${nodeMount}/bin:${path}` : path,
    HOME: '/root',
    USER: 'root',
    LOGNAME: 'root',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
  };
  for (const name of forwarded) {
    const value = host[name];
    if (value) variables[name] = value;
  }
  const files: Record<string, string> = {};
  for (const name of certificateFiles) {
    const file = host[name];
    if (!file || !existsSync(file)) continue;
    files[`${name}.pem`] = file;
    variables[name] = `${seedMount}/${name}.pem`;
  }
  return { variables: { ...variables, ...extra }, files, nodePrefix };
}

/** Variables that name hosts which are reached without a proxy. */
const withoutProxy = ['NO_PROXY', 'no_proxy'];

/**
 * The environment of one machine: `own` over what all have. The hosts of its URLs are never asked through a proxy, which would look for
 * them on its own loopback network.
 */
export function ofMachine(all: MachineEnvironment, own: Record<string, string>): MachineEnvironment {
  const variables = { ...all.variables, ...own };
  const hosts = Object.values(own)
    .filter((text) => URL.canParse(text))
    .map((url) => new URL(url).hostname);
  const proxied = Object.keys(variables).some((name) => /^(https?|all)_proxy$/i.test(name));
  if (proxied && hosts.length > 0) {
    for (const name of withoutProxy) variables[name] = [variables[name], ...new Set(hosts)].filter(Boolean).join(',');
  }
  return { ...all, variables };
}

function prefixOutsideUsr(execPath: string): string | undefined {
  const real = existsSync(execPath) ? realpathSync(execPath) : execPath;
  return real.startsWith('/usr/') ? undefined : dirname(dirname(real));
}
