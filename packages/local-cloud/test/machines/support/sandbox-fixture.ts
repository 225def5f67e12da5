import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { type AddressBlock, claimAddressBlock } from '../../../src/machines/address-block.ts';
import { AddressPool } from '../../../src/machines/address-pool.ts';
import { createBaseImage } from '../../../src/machines/base-image.ts';
import type { MachineSpec } from '../../../src/machines/driver.ts';
import { removeTree } from '../../../src/machines/images.ts';
import { SandboxDriver } from '../../../src/machines/sandbox-driver.ts';

export const exec = promisify(execFile);
export const baseImage = 'ami-0ba5e000000000001';
export const clock = systemClock();

/** A sandbox driver with a base image, a key pair and addresses of its own. */
export class SandboxFixture {
  readonly exits: [instanceId: string, reason: string][] = [];
  #next = 1;

  private constructor(
    readonly dir: string,
    readonly driver: SandboxDriver,
    readonly publicKey: string,
    readonly pool: AddressPool,
    readonly block: AddressBlock,
  ) {
    driver.onExit((instanceId, reason) => this.exits.push([instanceId, reason]));
  }

  static async open(): Promise<SandboxFixture> {
    const dir = await mkdtemp(join(tmpdir(), 'machines-'));
    await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', join(dir, 'key')]);
    const publicKey = await readFile(join(dir, 'key.pub'), 'utf8');
    await createBaseImage(dir, baseImage);
    const block = await claimAddressBlock();
    const driver = new SandboxDriver({ dir, clock, environment: { FLEET: "it's a test" } });
    return new SandboxFixture(dir, driver, publicKey, new AddressPool(block.block), block);
  }

  spec(changes: Partial<MachineSpec> = {}): MachineSpec {
    const address = this.pool.takeAddress();
    const hostname = `ip-${address.replaceAll('.', '-')}`;
    const instanceId = `i-${String(this.#next++).padStart(17, '0')}`;
    return { instanceId, imageId: baseImage, address, hostname, publicKey: this.publicKey, ...changes };
  }

  async launch(changes: Partial<MachineSpec> = {}): Promise<MachineSpec> {
    const spec = this.spec(changes);
    await this.driver.create(spec);
    await this.driver.boot(spec);
    return spec;
  }

  /** Pins the host key from the console, as a careful person does, and returns ssh options. */
  async sshOptions(spec: MachineSpec): Promise<string[]> {
    const known = join(this.dir, `known-${spec.instanceId}`);
    await writeFile(known, `[${spec.address}]:2222 ${await this.hostKey(spec)}\n`);
    const settings = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${known}`, 'BatchMode=yes', 'LogLevel=ERROR'];
    return ['-F', 'none', '-i', join(this.dir, 'key'), ...settings.flatMap((setting) => ['-o', setting])];
  }

  /** The newest host key that the machine's console shows. */
  async hostKey(spec: MachineSpec): Promise<string> {
    const lines = (await this.driver.consoleOutput(spec.instanceId)).split('\n');
    const [type, key] = (lines[lines.lastIndexOf('-----BEGIN SSH HOST KEY KEYS-----') + 1] ?? '').split(' ');
    return `${type} ${key}`;
  }

  async ssh(spec: MachineSpec, command: string): Promise<string> {
    const target = `${userInfo().username}@${spec.address}`;
    return (await exec('ssh', [...(await this.sshOptions(spec)), '-p', '2222', target, command])).stdout;
  }

  async close(): Promise<void> {
    await this.driver.close();
    await this.block.close();
    await removeTree(this.dir);
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Polls until `check` gives a value; a failure is one more reason to look again, and is told when it never does. */
export async function eventually<T>(check: () => Promise<T | undefined | false>): Promise<T> {
  const look = () => check().catch((error: Error) => error);
  const fits = (value: unknown) => value !== undefined && value !== false && !(value instanceof Error);
  return (await until(look, fits, { what: String(check) })) as T;
}

/** A runit service: a small HTTP server on $HOST:8080 that stops gracefully; /slow answers after 400 ms. */
export const serviceRun = `#!/bin/sh
. /run/pipeline/instance.env
export HOST
exec node /srv/server.js 2>&1
`;

export const serverScript = `
const { createServer } = require('node:http');
const server = createServer((request, response) => {
  const answer = () => response.end(JSON.stringify({ pid: process.pid, fleet: process.env.FLEET }));
  if (request.url === '/slow') setTimeout(answer, 400);
  else answer();
});
server.listen(8080, process.env.HOST);
process.on('SIGTERM', () => server.close());
`;
