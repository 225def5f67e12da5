import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { withoutLeftOut } from './left-out.ts';
import { isGroup, lineage, merge, mergeGiven, type Raw } from './merge.ts';
import { valueAt } from './problems.ts';
import { type SectionName, sections } from './schema/pipeline.ts';
import type { Fleet } from './settings.ts';
import { defaultVerifySeconds } from './verify-window.ts';

/** The default region of the local cloud. */
const localRegion = 'eu-west-1';

/** Default names of the cloud's resources. */
export function defaultNames(app: string, environment: string): Fleet['names'] {
  const base = `${app}-${environment}`;
  return {
    group: base,
    launchTemplate: base,
    targetGroup: base,
    greenGroup: `${base}-green`,
    greenTargetGroup: `${base}-green`,
    validationTargetGroup: `${base}-check`,
    loadBalancer: base,
    imagePrefix: `${base}-`,
  };
}

/** Resolves a path: relative paths start at the project folder, `~` is the user's home folder. */
export function absolutePath(path: string, projectDir: string): string {
  const expanded = path === '~' || path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path;
  return resolve(projectDir, expanded);
}

/**
 * Builds the fleet of one environment of a valid file: inheritance, overrides, defaults, absolute paths.
 * @param shared What `pipelines/environments.ts` has for all apps.
 */
export function resolveFleet(raw: Raw, environment: string, projectDir: string, shared: Raw = {}): Fleet {
  const merged = mergedWith(raw, environment);
  const section = <N extends SectionName>(key: N) =>
    sections[key].parse(merged[key] ?? {}) as z.output<(typeof sections)[N]>;

  const app = String(raw.app);
  const source = section('source');
  const ansible = sections.ansible.parse({ ...(merged.ansible as Raw), variables: variablesOf(raw, environment) });
  const service = section('service');
  const balancer = section('balancer');
  const ssh = section('ssh');
  const ledger = section('ledger');
  const release = section('release');
  const cloud = merged.cloud as Fleet['cloud'];
  const region = regionOf(merged);
  const copyRegions = release.copyRegions ?? regionsOfFile(raw, merged.cloud);
  return {
    app,
    environment,
    cloud,
    region,
    projectDir: resolve(projectDir),
    source: { ...source, repository: absolutePath(source.repository, projectDir) },
    ansible: ansibleOf(ansible, projectDir),
    secrets: section('secrets'),
    service: { ...service, stagingPort: service.stagingPort ?? service.port + 1 },
    capacity: section('capacity'),
    scale: section('scale'),
    instance: section('instance'),
    balancer: {
      ...balancer,
      healthCheck: { ...balancer.healthCheck, path: balancer.healthCheck.path ?? service.healthPath },
    },
    release: {
      ...release,
      verifySeconds: release.verifySeconds ?? defaultVerifySeconds[cloud],
      copyRegions: copyRegions.filter((one) => one !== region),
    },
    ssh: sshOf(ssh, projectDir),
    ledger: {
      ...ledger,
      path: absolutePath(ledger.path, projectDir),
      named: ledger.type === 's3' || valueAt(merged, ['ledger', 'path']) !== undefined,
    },
    infrastructure: section('infrastructure'),
    names: { ...defaultNames(app, environment), ...section('names') },
    notify: sections.notify.parse(merge(sharedNotify(shared, raw, environment), merged.notify) ?? {}),
  };
}

function ansibleOf(
  { requirements, vaultPasswordFile, ...own }: z.output<typeof sections.ansible>,
  projectDir: string,
): Fleet['ansible'] {
  return {
    ...own,
    playbook: absolutePath(own.playbook, projectDir),
    ...(requirements !== undefined && { requirements: absolutePath(requirements, projectDir) }),
    ...(vaultPasswordFile !== undefined && { vaultPasswordFile: absolutePath(vaultPasswordFile, projectDir) }),
  };
}

function sshOf(ssh: z.output<typeof sections.ssh>, projectDir: string): Fleet['ssh'] {
  const { proxyJump, ...own } = ssh;
  const privateKey = absolutePath(ssh.privateKey, projectDir);
  if (!proxyJump) return { ...own, privateKey };
  const jumpKey = absolutePath(proxyJump.privateKey ?? privateKey, projectDir);
  return { ...own, privateKey, proxyJump: { ...proxyJump, privateKey: jumpKey } };
}

/** The settings of the file, overridden by those of an environment and its ancestors. */
export function mergedWith(raw: Raw, environment: string): Raw {
  const links = chainOf(raw, environment);
  return withoutLeftOut(links.reduce<unknown>((base, link) => merge(base, link), raw) as Raw);
}

/** What all apps share of `notify` in an environment: that file's own, then that of the app's environment and its ancestors. */
function sharedNotify(shared: Raw, raw: Raw, environment: string): unknown {
  const { chain } = lineage(raw.environments as Raw, environment);
  const own = chain.map((link) => valueAt(shared, ['environments', link, 'notify']));
  return own.reduce((base, over) => merge(base, over), shared.notify);
}

/** Settings of an environment, after those of its ancestors. */
function chainOf(raw: Raw, environment: string): Raw[] {
  const environments = raw.environments as Raw;
  return lineage(environments, environment).chain.map((link) => {
    const settings = environments[link];
    return isGroup(settings) ? settings : {};
  });
}

/**
 * Variables of plays. A variable without a value in an environment stays unset, as the secret of another environment
 * must not replace it.
 */
function variablesOf(raw: Raw, environment: string): unknown {
  return [raw, ...chainOf(raw, environment)]
    .map((settings) => valueAt(settings, ['ansible', 'variables']))
    .filter((variables) => variables !== undefined)
    .reduce(mergeGiven, {});
}

function regionOf({ region }: Raw): string {
  return typeof region === 'string' ? region : localRegion;
}

/** Regions of every environment in the same kind of cloud: a release may have been copied or promoted there. */
function regionsOfFile(raw: Raw, cloud: unknown): string[] {
  const all = Object.keys(raw.environments as Raw).map((name) => mergedWith(raw, name));
  return [...new Set(all.filter((one) => one.cloud === cloud).map(regionOf))];
}
