import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { isGroup, lineage, merge, type Raw } from './merge.ts';
import { type SectionName, sections } from './schema/pipeline.ts';
import type { Fleet } from './settings.ts';

/** The region of the local cloud, where a file names none. */
const localRegion = 'eu-west-1';

/** Names of the cloud's resources, where a file sets none. */
export function defaultNames(app: string, environment: string): Fleet['names'] {
  const base = `${app}-${environment}`;
  return {
    group: base,
    launchTemplate: base,
    targetGroup: base,
    proofTargetGroup: `${base}-proof`,
    loadBalancer: base,
    imagePrefix: `${base}-`,
  };
}

/** A relative path starts at the project folder, `~` is the home folder of whoever runs this. */
export function absolutePath(path: string, projectDir: string): string {
  const expanded = path === '~' || path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path;
  return resolve(projectDir, expanded);
}

/** The fleet of one environment of a file that is known to be right: inheritance, overrides, defaults, absolute paths. */
export function resolveFleet(raw: Raw, environment: string, projectDir: string): Fleet {
  const environments = raw.environments as Raw;
  const merged = lineage(environments, environment).chain.reduce<unknown>(
    (base, link) => merge(base, isGroup(environments[link]) ? environments[link] : {}),
    raw,
  ) as Raw;
  const section = <N extends SectionName>(key: N) =>
    sections[key].parse(merged[key] ?? {}) as z.output<(typeof sections)[N]>;

  const app = String(raw.app);
  const source = section('source');
  const ansible = section('ansible');
  const service = section('service');
  const balancer = section('balancer');
  const ssh = section('ssh');
  const ledger = section('ledger');
  return {
    app,
    environment,
    cloud: merged.cloud as Fleet['cloud'],
    region: typeof merged.region === 'string' ? merged.region : localRegion,
    projectDir: resolve(projectDir),
    source: { ...source, repository: absolutePath(source.repository, projectDir) },
    ansible: { ...ansible, playbook: absolutePath(ansible.playbook, projectDir) },
    service: { ...service, stagingPort: service.stagingPort ?? service.port + 1 },
    capacity: section('capacity'),
    instance: section('instance'),
    balancer: {
      ...balancer,
      healthCheck: { ...balancer.healthCheck, path: balancer.healthCheck.path ?? service.healthPath },
    },
    release: section('release'),
    ssh: { ...ssh, privateKey: absolutePath(ssh.privateKey, projectDir) },
    ledger: { ...ledger, path: absolutePath(ledger.path, projectDir) },
    infrastructure: section('infrastructure'),
    names: { ...defaultNames(app, environment), ...section('names') },
  };
}
