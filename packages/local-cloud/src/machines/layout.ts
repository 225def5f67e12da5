import { join } from 'node:path';

/** Where a sandbox driver keeps what; every path below its own folder. */
export interface MachineLayout {
  /** Everything of one machine. */
  home: string;
  /** Its disk: what the machine sees as `/`. */
  root: string;
  /** Read-only inside the machine as `/run/cloud`: metadata, user data, init. */
  seed: string;
  /** Its /run and /tmp, new at each boot, when the daemon is root. */
  run: string;
  tmp: string;
  /** The filter of system calls, as bwrap reads it. */
  filter: string;
  console: string;
  /** Processes of the machine, for the sweep after a daemon's death. */
  processes: string;
  sshdConfig: string;
  sshdLog: string;
  /** The host key that the running machine presents: a copy, as a running sshd keeps its keys in memory. */
  hostKey: string;
  /** The helper that enters the machine. */
  enter: string;
}

/** Paths of the machine `instanceId` below `dir`; throws when the id could leave the folder. */
export function machineLayout(dir: string, instanceId: string): MachineLayout {
  const home = join(machinesFolder(dir), checkedId(instanceId));
  return {
    home,
    root: join(home, 'root'),
    seed: join(home, 'seed'),
    run: join(home, 'run'),
    tmp: join(home, 'tmp'),
    filter: join(home, 'system-calls.bpf'),
    console: join(home, 'console.log'),
    processes: join(home, 'processes.json'),
    sshdConfig: join(home, 'sshd_config'),
    sshdLog: join(home, 'sshd.log'),
    hostKey: join(home, 'ssh_host_ed25519_key'),
    enter: join(home, 'enter'),
  };
}

/** The folder of an image's tree. */
export function imageFolder(dir: string, imageId: string): string {
  return join(imagesFolder(dir), checkedId(imageId));
}

export function imagesFolder(dir: string): string {
  return join(dir, 'images');
}

export function machinesFolder(dir: string): string {
  return join(dir, 'machines');
}

/** Folders on their way out; on the same file system, so that a rename gets them there at once. */
export function trashFolder(dir: string): string {
  return join(dir, 'trash');
}

function checkedId(id: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id)) throw new Error(`"${id}" is not an instance or image id`);
  return id;
}
