import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { quoteWord } from '@golden-pipeline/shared/quote';
import { run } from './exec.ts';
import { findTool } from './host-tools.ts';
import { asShell, enterCommand, kernelFlags, namespaceFlags } from './sandbox-command.ts';

export type ProbeResult = { ok: true } | { ok: false; problem: string; fix: string };

/** Programs that machines need, and the Debian package of each. */
const tools: Record<string, string> = {
  bwrap: 'bubblewrap',
  nsenter: 'util-linux',
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
  runsvdir: 'runit',
  sv: 'runit',
};

/** What the probe looks at; replaceable for tests. */
export interface ProbeHost {
  find(tool: string): string | undefined;
  /** Content of a file below /proc/sys, trimmed; undefined when there is none. */
  sysctl(name: string): string | undefined;
  /** Tries to make a sandbox and to enter it; the tool's own complaint when it fails. */
  attempt(): Promise<string | undefined>;
  loginShell: string | null;
}

/** Checks whether this host can run sandboxed machines; if not, says what is wrong and how to fix it. */
export async function probeSandbox(host: ProbeHost = realHost()): Promise<ProbeResult> {
  const missing = Object.keys(tools).filter((tool) => !host.find(tool));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((tool) => tools[tool]))].join(' ');
    return { ok: false, problem: `not installed: ${missing.join(', ')}`, fix: `sudo apt-get install -y ${packages}` };
  }
  if (host.loginShell !== null && /\/(nologin|false)$/.test(host.loginShell)) {
    const problem = `your login shell is ${host.loginShell}, with which sshd lets nobody in`;
    return {
      ok: false,
      problem,
      fix: 'run the local cloud as a user with a login shell, or: sudo chsh -s /bin/bash USER',
    };
  }
  const complaint = await host.attempt();
  if (complaint === undefined) return { ok: true };
  return { ok: false, problem: `a sandbox cannot be made here: ${complaint}`, fix: fix(host) };
}

function fix(host: ProbeHost): string {
  if (host.sysctl('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'AppArmor forbids user namespaces (Ubuntu 23.10 and later): sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0';
  }
  if (host.sysctl('kernel/unprivileged_userns_clone') === '0') {
    return 'the kernel forbids user namespaces to users: sudo sysctl -w kernel.unprivileged_userns_clone=1';
  }
  if (host.sysctl('user/max_user_namespaces') === '0') {
    return 'user namespaces are turned off: sudo sysctl -w user.max_user_namespaces=10000';
  }
  return 'inside a container, start it with --privileged, or with seccomp and AppArmor unconfined and CAP_SYS_ADMIN';
}

function realHost(): ProbeHost {
  return {
    find: (tool) => findTool(tool),
    sysctl: (name) => {
      try {
        return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
      } catch {
        return undefined;
      }
    },
    attempt,
    loginShell: userInfo().shell,
  };
}

/** Makes a sandbox with the machines' own flags, enters it, ends it. */
async function attempt(): Promise<string | undefined> {
  const asRoot = process.getuid?.() === 0;
  const view = ['--ro-bind', '/', '/', ...kernelFlags(asRoot)];
  const flags = [...namespaceFlags(asRoot), '--as-pid-1', '--hostname', 'probe', '--json-status-fd', '3'];
  const argv = [...flags, ...view, '--', 'sh', '-c', 'echo ready; exec cat'];
  const child = spawn('bwrap', argv, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  try {
    const pid = await initPid(child);
    if (pid === undefined) return firstLineOf(complaint) || 'bwrap exited at once';
    const entered = await run('sh', ['-c', `exec ${asShell(enterCommand(pid, asRoot, view, ['true']), quoteWord)}`]);
    return entered.code === 0
      ? undefined
      : firstLineOf(entered.stderr) || `the command that enters it exited with ${entered.code}`;
  } finally {
    // cat ends with its input, and the sandbox with it.
    child.stdin?.end();
  }
}

/** The pid that bwrap reports, once the program in the sandbox runs (it is reported before that); undefined when it ends. */
function initPid(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    let status = '';
    let ready = false;
    const look = () => {
      const pid = /"child-pid":\s*(\d+)/.exec(status)?.[1];
      if (ready && pid) resolve(Number(pid));
    };
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      status += chunk.toString();
      look();
    });
    child.stdout?.once('data', () => {
      ready = true;
      look();
    });
    child.once('error', () => resolve(undefined));
    child.once('close', () => resolve(undefined));
  });
}

function firstLineOf(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
