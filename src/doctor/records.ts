import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { listImages, readImage } from '../aws/images.ts';
import { listOpenings } from '../aws/security-groups.ts';
import { evaluateBase } from '../base-image/read.ts';
import { observeFleet } from '../fleet/observe.ts';
import { unrecorded } from '../fleet/seen-releases.ts';
import { interruptedAmong } from '../ledger/interrupted-runs.ts';
import type { LockRecord } from '../ledger/types.ts';
import { readImages } from '../retention/read-images.ts';
import { decideRollback } from '../rollback/decide.ts';
import { dayMs } from '../shared/duration.ts';
import { instantOf, instantText } from '../shared/instant.ts';
import { type Check, error, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** An image older than this misses fixes of its base; unpatched systems are the usual way in. */
const oldDays = 30;

/** Runs and locks. */
export function runChecks(services: DoctorServices, lock: LockRecord | undefined, clock: Clock): Check[] {
  return [{ id: 'ledger', run: () => ledger(services, lock, clock) }];
}

/** Releases, their images, and whether a rollback to one is possible. */
export function releaseChecks(services: DoctorServices, clock: Clock): Check[] {
  return [
    { id: 'ledger.releases', run: () => unrecordedReleases(services) },
    { id: 'base.age', run: () => systemAge(services, clock) },
    { id: 'images.orphans', run: () => orphans(services, clock) },
    { id: 'rollback', run: () => rollback(services) },
  ];
}

export function openingChecks(services: DoctorServices, clock: Clock): Check[] {
  return [{ id: 'openings', run: () => openings(services, clock) }];
}

async function ledger(
  { ledger: records, fleet, changesVersion }: DoctorServices,
  lock: LockRecord | undefined,
  clock: Clock,
): Promise<Finding[]> {
  const runs = await records.runs(fleet.app, 10);
  const found: Finding[] = [
    ok('ledger', `the ledger is read; ${runs.length === 10 ? 'at least 10' : runs.length} runs are recorded`),
  ];
  if (lock && instantOf(lock.expires) < clock.now()) {
    found.push(
      warning(
        'ledger.lock',
        `the lock of ${fleet.app} was left by ${lock.owner} (${lock.command}), since ${lock.since}`,
        `look what it did: pipeline history ${fleet.app}; the next run takes over the lock`,
      ),
    );
  } else if (lock) {
    found.push(ok('ledger.lock', `${lock.owner} holds the lock of ${fleet.app}: ${lock.command}`));
  }
  const others = runs.filter((one) => one.id !== lock?.run);
  for (const run of interruptedAmong(others, changesVersion)) {
    found.push(
      warning(
        'ledger.unfinished',
        `run ${run.id} (${run.operation}) of ${run.by} began ${run.startedAt} and never finished`,
        `to undo what it changed: pipeline abort ${fleet.app}`,
      ),
    );
  }
  const bad = runs[0]?.outcome === 'manual-intervention' ? runs[0] : undefined;
  if (bad)
    found.push(
      warning(
        'ledger.leftovers',
        `the last run, ${bad.id} (${bad.operation}), requires manual intervention`,
        `pipeline history ${fleet.app}`,
      ),
    );
  return found;
}

/** Releases that another ledger knows, or that this one has lost: the next release refuses them. */
async function unrecordedReleases({ aws, fleet, ledger: records }: DoctorServices): Promise<Finding[]> {
  const { app, environment } = fleet;
  const [images, releases] = await Promise.all([listImages(aws.ec2, app, environment), records.releases(app)]);
  const missing = unrecorded(images, releases);
  if (missing.length === 0) return [ok('ledger.releases', 'the ledger knows every release that has a golden image')];
  return [
    error(
      'ledger.releases',
      `the ledger does not know ${missing.join(', ')}, so a release is refused`,
      `use the team's ledger, or add what is missing: pipeline ledger rebuild ${app}`,
    ),
  ];
}

/** How old the system on the instances is: that of the base image, or of the image itself where the ledger does not know its base. */
async function systemAge(services: DoctorServices, clock: Clock): Promise<Finding[]> {
  const { version, images, findings } = await evaluateBase(services, clock.now());
  const base = images.find((image) => version !== null && image.releases.includes(version));
  if (findings.length > 0) return findings.map(({ message, fix }) => warning('base.age', message, fix));
  if (base) return [ok('base.age', `${version} is built on ${base.name}, ${inDays(base.ageDays ?? 0)} old`)];
  return imageAge(services, clock);
}

const inDays = (days: number): string => `${days} ${days === 1 ? 'day' : 'days'}`;

async function imageAge(services: DoctorServices, clock: Clock): Promise<Finding[]> {
  const { facts } = await observeFleet(services);
  const image = facts.current.imageId && (await readImage(services.aws.ec2, facts.current.imageId));
  if (!image) return [];
  const days = Math.floor((clock.now() - instantOf(image.createdAt)) / dayMs);
  const age = `${image.name} is ${inDays(days)} old`;
  if (days <= oldDays) return [ok('images.age', age)];
  return [
    warning(
      'images.age',
      `${age}: its system has no newer fixes than that`,
      `pipeline base build, then pipeline release ${services.fleet.app} --from-base`,
    ),
  ];
}

async function orphans(services: DoctorServices, clock: Clock): Promise<Finding[]> {
  const { fleet } = services;
  const stray = (await readImages(services, clock.now())).filter((one) => ['orphan', 'failed'].includes(one.kind));
  if (stray.length === 0) return [ok('images.orphans', 'no image or snapshot is left without a release')];
  const cost = stray.reduce((sum, one) => sum + one.monthlyCost, 0).toFixed(2);
  return [
    warning(
      'images.orphans',
      `${stray.length} images or snapshots without a release that works, up to ${cost} USD a month`,
      `pipeline images ${fleet.app} prune`,
    ),
  ];
}

/** A plan B is one only when it is there. */
async function rollback(services: DoctorServices): Promise<Finding[]> {
  const { fleet } = services;
  try {
    const { target, chosen } = await decideRollback(services, { force: false });
    return [ok('rollback', `fast-rollback would go to ${target.version} by ${chosen.method}: ${chosen.why}`)];
  } catch (reason) {
    if (!(reason instanceof PipelineError)) throw reason;
    // An empty fleet is a finding of its own, and has nothing to go back from.
    if (reason.code === 'rollback.no-target' && (await observeFleet(services)).live.desired === 0) return [];
    return [
      warning(
        'rollback',
        `no rollback is possible now: ${reason.message}`,
        reason.fix ?? `pipeline images ${fleet.app}`,
      ),
    ];
  }
}

/** Openings of security groups that are still there after their time: those of an app, or those that a file's tasks have made. */
export async function openings(
  { aws, fleet }: Pick<DoctorServices, 'aws' | 'fleet'>,
  clock: Clock,
  of: { app: string } | { file: string } = { app: fleet.app },
): Promise<Finding[]> {
  const all = await listOpenings(aws.ec2, of, fleet.environment);
  if (all.length === 0) return [];
  return all.map(({ name, port, cidr, expires, by, file }) => {
    const what = `port ${port} is open to ${cidr} (${name}, by ${by})`;
    return expires > clock.now()
      ? ok('openings', `${what} until ${instantText(expires)}`)
      : warning('openings', `${what}, and its time is over`, `pipeline ${file} close`);
  });
}
