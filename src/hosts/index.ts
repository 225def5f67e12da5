import type { Clock } from '@golden-pipeline/shared/clock';
import type { Fleet } from '../config/settings.ts';
import type { Poll } from '../engine/poll.ts';
import { createAnsible } from './ansible.ts';
import { createInspect } from './inspect-playbook.ts';
import type { PlaySettings } from './play-setup.ts';
import { createSsh } from './ssh.ts';
import { attachProgram, streamProgram } from './streams.ts';
import type { Hosts } from './types.ts';
import { checkHost } from './validate.ts';

export interface HostsOptions {
  ssh: Fleet['ssh'];
  /** How playbooks are run; by default as those of the release role, without groups or requirements. */
  ansible?: PlaySettings;
  /** Region of the hosts, for sessions of Session Manager; by default that of the environment. */
  region?: string;
  /** Folder of the project, for its ansible.cfg and relative paths. */
  projectDir: string;
  /** Folder of mode 0700 for inventories, control sockets, pins and extra variables; created when absent. */
  runDir: string;
  /** The console of an instance, where cloud-init prints the host keys. */
  consoleOutput: (instanceId: string) => Promise<string | undefined>;
  clock: Clock;
  /** For waits; by default one of the clock's own. */
  poll?: Poll;
}

/**
 * Opens the port to the hosts, by OpenSSH's client and ansible-playbook. Call `close` at the end, as shared connections
 * outlive the process.
 */
export function createHosts(options: HostsOptions): Hosts {
  const ssh = createSsh(options);
  const play = createAnsible({ ...options, sshOptions: ssh.options });
  return {
    waitReachable: ssh.waitReachable,
    forget: ssh.forget,
    inspect: createInspect(options),
    run: (host, argv, limits) => ssh.run(host, argv, limits?.timeoutMs, !limits?.once),
    async play(host, playbook, variables, limits) {
      checkHost(host);
      await ssh.ensurePinned(host);
      await ssh.explained(host, () => play(host, playbook, variables, limits));
    },
    stream: (host, argv, options) => streamProgram(ssh.connections, host, argv, options),
    attach: (host, argv, options) => attachProgram(ssh.connections, host, argv, options),
    close: ssh.close,
  };
}
