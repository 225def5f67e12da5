import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Ec2Instance, tagInstances } from '../../aws/instances.ts';
import { tagKeys } from '../../aws/tags.ts';
import { type ContextWith, type StepWith, times } from '../../fleet/services.ts';
import { establishedHosts, findHosts, type InPlaceAnswer, type InPlaceView, switchBatch } from '../in-place-hosts.ts';
import { InPlaceTally, type Unswitched } from '../in-place-tally.ts';
import type { InPlaceState } from '../state.ts';

type Context = ContextWith<InPlaceState>;

/** Milliseconds until newcomers are queried again at the latest. */
const askEveryMs = 1000;

/** Switches every host to the old environment, which it holds, while it serves. */
export const switchInPlace: StepWith<InPlaceState> = {
  id: 'switch-in-place',
  title: 'Switch the environment on the hosts',
  // Traffic is on the old version: what fails after this must not give it back to the bad one.
  commits: true,
  describe: ({ state, services: { fleet } }) => [
    `on every host, ${fleet.release.inPlace.parallel} at a time: start ${state.version} beside ${state.current.version ?? 'what serves'} on port ${fleet.service.stagingPort}, check ${fleet.service.healthPath}, take the socket over`,
    `hosts that appear meanwhile too; one that cannot, or does not answer ${fleet.release.inPlace.timeoutSeconds} s after it appeared, is replaced from the old image`,
    `with more than ${fleet.release.inPlace.maxFailedPercent} % of the fleet failing all are switched back`,
  ],
  async run(context) {
    const { clock } = context;
    const started = clock.now();
    const tally = await switchFleet(context);
    await context.save({ unswitched: tally.failed });
    const seconds = ((clock.now() - started) / 1000).toFixed(1);
    const slowest = Math.max(0, ...tally.switched.map((answer) => answer.seconds ?? 0));
    context.note(
      `${tally.switched.length} hosts in ${seconds} s, the slowest needed ${slowest.toFixed(1)} s by itself`,
    );
  },
  async undo(context) {
    const { current, switching } = context.state;
    const before = current.version;
    if (!switching || before === undefined) return;
    const { hosts } = await findHosts(context, before);
    const there = hosts.filter((host) => switching.includes(host.id));
    const answers = await context.change(
      { action: 'switch-in-place', target: context.state.group, data: { version: before, hosts: there.length } },
      () => switchBatch(context, there, before),
    );
    await tagVersion(context, answers, before);
    const failed = answers.filter((answer) => !answer.ok);
    if (failed.length === 0) return;
    const left = new Set((await findHosts(context, before)).hosts.map((host) => host.id));
    const stuck = failed.filter((answer) => left.has(answer.id));
    if (stuck.length === 0) return;
    throw new PipelineError('in-place.not-undone', `not switched back to ${before}: ${reasons(stuck).join('; ')}`);
  },
};

/**
 * Switches the hosts that there are, looks again, and ends when nothing new has appeared.
 * @throws PipelineError `in-place.failed` when more of them cannot than may
 */
async function switchFleet(context: Context): Promise<InPlaceTally> {
  const { clock, services, state } = context;
  const { maxFailedPercent, timeoutSeconds } = services.fleet.release.inPlace;
  const patienceMs = timeoutSeconds * 1000;
  const look = () => findHosts(context, state.version, state.imageId);
  const first = await look();
  const tally = new InPlaceTally({ maxFailedPercent, patienceMs }, await establishedHosts(context, first.hosts));
  const told = new Set<string>();
  let unused: InPlaceView | undefined = first;
  await context.poll({
    what: 'every host of the group to serve the old version',
    read: async () => {
      for (;;) {
        tally.see(unused ?? (await look()), clock.now());
        unused = undefined;
        if (tally.tooMany) throw tooMany(context, tally);
        const ready = tally.ready();
        // The look after the last host: nothing has appeared meanwhile.
        if (ready.length === 0) return tally.waiting;
        if (tally.take(await switchHosts(context, ready, told)) === 0) return tally.waiting;
      }
    },
    until: (waiting) => waiting === 0,
    progress: (waiting) => context.progress(`${waiting} hosts have appeared lately and do not answer yet`),
    everyMs: Math.min(times(services.fleet, 'health').everyMs, askEveryMs),
    // Longer than any newcomer is waited for.
    timeoutMs: times(services.fleet, 'health').timeoutMs + patienceMs,
  });
  return tally;
}

/**
 * Switches what runs; what is known of it is written down before the first host changes.
 * @param told Those of which that is known; added to.
 */
async function switchHosts(context: Context, instances: Ec2Instance[], told: Set<string>): Promise<InPlaceAnswer[]> {
  const { group, version, switching = [] } = context.state;
  const fresh = instances.map((instance) => instance.id).filter((id) => !told.has(id));
  if (fresh.length > 0) {
    await context.save({ switching: [...new Set([...switching, ...fresh])] });
    // From now on the image alone does not tell what such a host serves.
    await tagHosts(context, fresh, { [tagKeys.switched]: context.run.id });
    for (const id of fresh) told.add(id);
  }
  const answers = await context.change(
    { action: 'switch-in-place', target: group, data: { version, hosts: instances.length } },
    () => switchBatch(context, instances, version),
  );
  context.signal.throwIfAborted();
  await tagVersion(context, answers, version);
  return answers;
}

/** Lets the hosts that were switched say what they serve. */
async function tagVersion(context: Context, answers: readonly InPlaceAnswer[], version: string): Promise<void> {
  const switched = answers.filter((answer) => answer.ok).map((answer) => answer.id);
  if (switched.length > 0) await tagHosts(context, switched, { [tagKeys.version]: version });
}

async function tagHosts(context: Context, ids: readonly string[], tags: Record<string, string>): Promise<void> {
  await context.change({ action: 'tag-hosts', target: context.state.group, data: { tags, hosts: ids.length } }, () =>
    tagInstances(context.services.aws.ec2, ids, tags),
  );
}

function tooMany(context: Context, { failed, all }: InPlaceTally): PipelineError {
  const { version } = context.state;
  const { release, app } = context.services.fleet;
  return new PipelineError(
    'in-place.failed',
    `${failed.length} of ${all} hosts could not switch to ${version}, more than ${release.inPlace.maxFailedPercent} %`,
    {
      details: reasons(failed),
      fix: `roll the fleet instead: pipeline fast-rollback ${app} ${version} --method rolling`,
    },
  );
}

function reasons(failed: readonly Pick<InPlaceAnswer | Unswitched, 'id' | 'reason'>[]): string[] {
  const shown = failed.slice(0, 5).map((answer) => `${answer.id}: ${answer.reason}`);
  return failed.length > shown.length ? [...shown, `and ${failed.length - shown.length} more`] : shown;
}
