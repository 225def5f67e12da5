import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineSpec } from './driver.ts';
import { initName, initScript, sessionScript } from './init-script.ts';
import type { MachineEnvironment } from './machine-environment.ts';
import { shellAssignments } from './shell-assignments.ts';

/** Writes the folder that the machine sees read-only as /run/cloud: its metadata, user data, keys, init. */
export async function writeSeed(
  folder: string,
  spec: MachineSpec,
  environment: MachineEnvironment,
  loginUser: string,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const metadata = {
    INSTANCE_ID: spec.instanceId,
    ADDRESS: spec.address,
    MACHINE_HOSTNAME: spec.hostname,
    LOGIN_USER: loginUser,
  };
  const put = (name: string, content: string, mode: number) => writeFile(join(folder, name), content, { mode });
  const work = [
    put(initName, initScript, 0o755),
    put('session', sessionScript, 0o755),
    put('metadata', shellAssignments(metadata), 0o644),
    // The proxies' addresses may hold passwords.
    put('environment', shellAssignments(environment.variables, true), 0o600),
    ...Object.entries(environment.files).map(([name, source]) => copyFile(source, join(folder, name))),
  ];
  if (spec.publicKey) work.push(put('authorized-key', `${spec.publicKey.trim()}\n`, 0o644));
  if (spec.userData?.startsWith('#!')) work.push(put('user-data', spec.userData, 0o700));
  const resolver = await readFile('/etc/resolv.conf', 'utf8').catch(() => undefined);
  if (resolver !== undefined) work.push(put('resolv.conf', resolver, 0o644));
  await Promise.all(work);
}
