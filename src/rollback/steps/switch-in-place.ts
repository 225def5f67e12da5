import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Machine, tagMachines } from '../../aws/instances.ts';
import { tagKeys } from '../../aws/tags.ts';
import { type RollbackContext, type RollbackStep, times } from '../../fleet/services.ts';
import { establishedHosts, type FlipAnswer, type FlipLook, flipHosts, lookForHosts } from '../in-place-hosts.ts';
import { FlipTally, type Unswitched } from '../in-place-tally.ts';

/** Milliseconds until newcomers are asked again at the latest. */
const askEveryMs = 1000;

/** Switches every host to the old environment, which it holds, while it serves. */
export const flip: RollbackStep = {
  id: 'flip',
  title: 'Switch the hosts',
  // Traffic is on the old version: what fails after this must not give it back to the bad one.
  commits: true,
  describe: ({ state, services: { fleet } }) => [
    `on every host, ${fleet.release.flip.parallel} at a time: start ${state.version} beside ${state.current.version ?? 'what serves'} on port ${fleet.service.stagingPort}, check ${fleet.service.healthPath}, take the socket over`,
    `hosts that appear meanwhile too; one that cannot, or does not answer ${fleet.release.flip.timeoutSeconds} s after it appeared, is replaced from the old image`,
    `with more than ${fleet.release.flip.maxFailedPercent} % of the fleet failing all are switched back`,
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
    const { current, flipping } = context.state;
    const before = current.version;
    if (!flipping || before === undefined) return;
    const { hosts } = await lookForHosts(context, before);
    const there = hosts.filter((host) => flipping.includes(host.id));
    const answers = await context.change(
      { action: 'flip-hosts', target: context.state.group, data: { version: before, hosts: there.length } },
      () => flipHosts(context, there, before),
    );
    await tagVersion(context, answers, before);
    const failed = answers.filter((answer) => !answer.ok);
    if (failed.length === 0) return;
    const left = new Set((await lookForHosts(context, before)).hosts.map((host) => host.id));
    const stuck = failed.filter((answer) => left.has(answer.id));
    if (stuck.length === 0) return;
    throw new PipelineError('flip.not-undone', `not switched back to ${before}: ${reasons(stuck).join('; ')}`);
  },
};

/**
 * Switches the hosts that there are, looks again, and ends when nothing new has appeared.
 * @throws PipelineError `flip.failed` when more of them cannot than may
 */
async function switchFleet(context: RollbackContext): Promise<FlipTally> {
  const { clock, services, state } = context;
  const { maxFailedPercent, timeoutSeconds } = services.fleet.release.flip;
  const patienceMs = timeoutSeconds * 1000;
  const look = () => lookForHosts(context, state.version, state.imageId);
  const first = await look();
  const tally = new FlipTally({ maxFailedPercent, patienceMs }, await establishedHosts(context, first.hosts));
  const told = new Set<string>();
  let unused: FlipLook | undefined = first;
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
async function switchHosts(context: RollbackContext, machines: Machine[], told: Set<string>): Promise<FlipAnswer[]> {
  const { group, version, flipping = [] } = context.state;
  const fresh = machines.map((machine) => machine.id).filter((id) => !told.has(id));
  if (fresh.length > 0) {
    await context.save({ flipping: [...new Set([...flipping, ...fresh])] });
    // From now on the image alone does not tell what such a host serves.
    await tagHosts(context, fresh, { [tagKeys.flipped]: context.run.id });
    for (const id of fresh) told.add(id);
  }
  const answers = await context.change(
    { action: 'flip-hosts', target: group, data: { version, hosts: machines.length } },
    () => flipHosts(context, machines, version),
  );
  context.signal.throwIfAborted();
  await tagVersion(context, answers, version);
  return answers;
}

/** Lets the hosts that were switched say what they serve. */
async function tagVersion(context: RollbackContext, answers: readonly FlipAnswer[], version: string): Promise<void> {
  const switched = answers.filter((answer) => answer.ok).map((answer) => answer.id);
  if (switched.length > 0) await tagHosts(context, switched, { [tagKeys.version]: version });
}

async function tagHosts(context: RollbackContext, ids: readonly string[], tags: Record<string, string>): Promise<void> {
  await context.change({ action: 'tag-hosts', target: context.state.group, data: { tags, hosts: ids.length } }, () =>
    tagMachines(context.services.aws.ec2, ids, tags),
  );
}

function tooMany(context: RollbackContext, { failed, all }: FlipTally): PipelineError {
  const { version } = context.state;
  const { release, app } = context.services.fleet;
  return new PipelineError(
    'flip.failed',
    `${failed.length} of ${all} hosts could not switch to ${version}, more than ${release.flip.maxFailedPercent} %`,
    {
      details: reasons(failed),
      hint: `roll the fleet instead: pipeline fast-rollback ${app} ${version} --how roll`,
    },
  );
}

function reasons(failed: readonly Pick<FlipAnswer | Unswitched, 'id' | 'reason'>[]): string[] {
  const shown = failed.slice(0, 5).map((answer) => `${answer.id}: ${answer.reason}`);
  return failed.length > shown.length ? [...shown, `and ${failed.length - shown.length} more`] : shown;
}
