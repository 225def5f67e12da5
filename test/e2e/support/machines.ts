import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import {
  type AddressBlock,
  claimAddressBlock,
  createBaseImage,
  machineLayout,
  SandboxDriver,
} from 'golden-pipeline-local-cloud/machines';
import { keysFromConsole } from '../../../src/hosts/host-keys.ts';

const ansible = new URL('../../../ansible/', import.meta.url).pathname;
const imageId = 'ami-0ba5e000000000001';

/** A machine of the local cloud, reached with the team's key. */
export interface Machine {
  instanceId: string;
  address: string;
  /** Its disk, seen from here. */
  root: string;
  /** Its host keys, each `<type> <base64>`. */
  hostKeys: string[];
}

/** What a play ended with: Ansible's own recap. */
export interface Recap {
  ok: number;
  changed: number;
  unreachable: number;
  failed: number;
  output: string;
}

/** Machines of the local cloud without a fleet around them, in a folder and a block of addresses of their own. */
export class Machines {
  readonly user = process.getuid?.() === 0 ? 'root' : (process.env.USER ?? 'root');
  readonly port = 2222;
  readonly clock = systemClock();
  readonly folder: string;
  readonly driver: SandboxDriver;
  readonly key: string;
  readonly #block: AddressBlock;

  private constructor(folder: string, block: AddressBlock) {
    this.folder = folder;
    this.#block = block;
    this.key = join(folder, 'key');
    this.driver = new SandboxDriver({ dir: join(folder, 'cloud'), clock: this.clock });
  }

  static async create(): Promise<Machines> {
    const folder = await mkdtemp(join(tmpdir(), 'gp-machines-'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
    await createBaseImage(join(folder, 'cloud'), imageId);
    return new Machines(folder, await claimAddressBlock());
  }

  /** Boots a machine; `host` is the last octet of its address. */
  async boot(host: number): Promise<Machine> {
    const instanceId = `i-0${String(host).padStart(16, '0')}`;
    const address = `127.${this.#block.block}.21.${host}`;
    const publicKey = await readFile(`${this.key}.pub`, 'utf8');
    const spec = { instanceId, address, imageId, hostname: `ip-${host}`, publicKey };
    await this.driver.create(spec);
    await this.driver.boot(spec);
    const hostKeys = keysFromConsole(await this.driver.consoleOutput(instanceId));
    if (!hostKeys) throw new Error(`${instanceId} printed no host keys`);
    return { instanceId, address, hostKeys, root: machineLayout(join(this.folder, 'cloud'), instanceId).root };
  }

  /** Plays a playbook of ansible/ on a machine with nothing but Ansible itself, as a person would. */
  async play(machine: Machine, playbook: string, variables: object, ...extra: string[]): Promise<Recap> {
    const pins = join(this.folder, `${machine.instanceId}.pins`);
    const names = `${machine.address},[${machine.address}]:${this.port}`;
    await writeFile(pins, machine.hostKeys.map((key) => `${names} ${key}\n`).join(''));
    const file = join(this.folder, `${machine.instanceId}.variables.json`);
    await writeFile(file, JSON.stringify({ ansible_port: this.port, ansible_user: this.user, ...variables }));
    const argv = ['-i', `${machine.address},`, '--private-key', this.key, '-e', `@${file}`, ...extra, playbook];
    const output = await new Promise<string>((resolve) =>
      execFile(
        'ansible-playbook',
        argv,
        {
          cwd: ansible,
          env: {
            ...process.env,
            ANSIBLE_CONFIG: join(ansible, 'ansible.cfg'),
            ANSIBLE_LOCAL_TEMP: join(this.folder, 'tmp'),
            ANSIBLE_SSH_ARGS: `-o UserKnownHostsFile=${pins} -o ControlMaster=auto -o ControlPersist=60 -o ControlPath=${this.folder}/%C`,
          },
        },
        (_error, stdout, stderr) => resolve(stdout + stderr),
      ),
    );
    const counts = /^\S+\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)/m.exec(output);
    if (!counts) throw new Error(`no recap:\n${output}`);
    const [ok, changed, unreachable, failed] = counts.slice(1).map(Number) as [number, number, number, number];
    return { ok, changed, unreachable, failed, output };
  }

  async close(): Promise<void> {
    await this.driver.close();
    await this.#block.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
