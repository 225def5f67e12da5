import type { Clock } from '@golden-pipeline/shared/clock';
import { type Cause, groupCauses } from '../fleet/group-causes.ts';
import { observeFleet } from '../fleet/observe.ts';
import { type Check, error, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** A failed launch is reported for so long after it, in milliseconds. */
const rememberedMs = 86_400_000;

/** Whether the group that serves could launch an instance now: without that, the next one that fails is not replaced. */
export function launchChecks(services: DoctorServices, clock: Clock): Check[] {
  return [{ id: 'fleet.launch', run: () => launch(services, clock.now()) }];
}

async function launch(services: DoctorServices, now: number): Promise<Finding[]> {
  const { fleet } = services;
  const { facts, live } = await observeFleet(services);
  const causes = await groupCauses(services, facts.group, { since: now - rememberedMs });
  const short = live.instances.filter((one) => one.lifecycle === 'InService').length < live.desired;
  const patient = now - fleet.release.timeouts.health * 1000;
  const found = causes.flatMap((cause) => toFinding(cause, { app: fleet.app, group: facts.group, short, patient }));
  // Told elsewhere, and not to be denied here.
  if (found.length > 0 || causes.some(({ kind }) => kind === 'image' || kind === 'suspended')) return found;
  return [ok('fleet.launch', `nothing keeps ${facts.group} from launching instances`)];
}

interface Seen {
  app: string;
  group: string;
  /** There are fewer instances in service than the group wants. */
  short: boolean;
  /** What is held since before this has waited too long. Milliseconds since the epoch. */
  patient: number;
}

function toFinding({ kind, message, fix, since }: Cause, { app, group, short, patient }: Seen): Finding[] {
  switch (kind) {
    case 'template':
      return [error('fleet.template', message, fix ?? `pipeline status ${app}`)];
    case 'hook': {
      const late = since === undefined || since < patient;
      return [(late ? error : warning)('fleet.hook', message, fix ?? `pipeline status ${app}`)];
    }
    case 'launch': {
      const trying = short ? '; Auto Scaling goes on trying' : '';
      const fix = `fix the problem that EC2 reports: in the launch template, or by a higher limit of the account${trying}`;
      return [(short ? error : warning)('fleet.launch', `${group}: ${message}`, fix)];
    }
    // The image and suspended processes are findings of their own, and what is slow to terminate serves on.
    case 'image':
    case 'suspended':
    case 'termination':
      return [];
  }
}
