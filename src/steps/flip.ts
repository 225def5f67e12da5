import { replaceInstance } from '../aws/groups.ts';
import { type Machine, tagMachines } from '../aws/instances.ts';
import { tagKeys } from '../aws/tags.ts';
import { PipelineError } from '../shared/errors.ts';
import { type RollbackContext, type RollbackStep, times } from './services.ts';
import { type FlipAnswer, flipHosts, hostsToFlip } from './support/flip-hosts.ts';
import { smokeFailures } from './support/smoke.ts';

/** The traffic is looked at so often at least while it changes over, in milliseconds. */
const lookEveryMs = 250;

/** Switches every host to the old environment, which it holds, while it serves. */
export const flip: RollbackStep = {
  id: 'flip',
  title: 'Switch the hosts',
  // Traffic is on the old version; what only makes the fleet uniform does not take that back.
  commits: true,
  describe: ({ state, services: { fleet } }) => [
    `on every host, ${fleet.release.flip.parallel} at a time: start ${state.version} beside ${state.current.version ?? 'what serves'} on port ${fleet.service.stagingPort}, check ${fleet.service.healthPath}, take the socket over`,
    'hosts that appear meanwhile too; a host that cannot is replaced from the old image',
    `with more than ${fleet.release.flip.maxFailedPercent} % of hosts failing all are switched back`,
  ],
  async run(context) {
    const { version, imageId } = context.state;
    const started = context.clock.now();
    const done = new Map<string, FlipAnswer>();
    await context.poll({
      what: 'every host of the group to serve the old version',
      read: async () => {
        const left = (await hostsToFlip(context, version, imageId)).filter((host) => !done.has(host.id));
        const ready = left.filter((host) => host.state === 'running');
        for (const answer of await switchAll(context, ready)) done.set(answer.id, answer);
        return left.length;
      },
      // The look after the last host: nothing has appeared meanwhile.
      until: (left) => left === 0,
      progress: () => context.progress('looking for hosts that have appeared meanwhile'),
      everyMs: Math.min(context.services.fleet.release.pollSeconds * 1000, lookEveryMs),
      timeoutMs: times(context.services.fleet, 'health').timeoutMs,
    });
    await replaceFailed(
      context,
      [...done.values()].filter((answer) => !answer.ok),
    );
    await waitTraffic(context);
    const seconds = ((context.clock.now() - started) / 1000).toFixed(1);
    const slowest = Math.max(0, ...[...done.values()].map((answer) => answer.seconds ?? 0));
    context.note(`${done.size} hosts in ${seconds} s, the slowest needed ${slowest.toFixed(1)} s by itself`);
  },
  async undo(context) {
    const { aws } = context.services;
    const { current, flipping } = context.state;
    const before = current.version;
    if (!flipping || before === undefined) return;
    const there = (await hostsToFlip(context, before)).filter((host) => flipping.includes(host.id));
    const answers = await context.change(
      { action: 'flip-hosts', target: context.state.group, data: { version: before, hosts: there.length } },
      () => flipHosts(context, there, before),
    );
    const back = answers.filter((answer) => answer.ok).map((answer) => answer.id);
    await tagMachines(aws.ec2, back, { [tagKeys.version]: before });
    const stuck = answers.filter((answer) => !answer.ok);
    if (stuck.length === 0) return;
    throw new PipelineError('flip.not-undone', `not switched back to ${before}: ${reasons(stuck).join('; ')}`);
  },
};

/** Switches what runs; what is known of it is written down before the first host changes. */
async function switchAll(context: RollbackContext, machines: Machine[]): Promise<FlipAnswer[]> {
  if (machines.length === 0) return [];
  const { aws, fleet } = context.services;
  const { group, version, flipping = [] } = context.state;
  const ids = machines.map((machine) => machine.id);
  await context.save({ flipping: [...new Set([...flipping, ...ids])] });
  // From now on the image alone does not tell what such a host serves.
  await context.change({ action: 'tag-hosts', target: group, data: { hosts: ids.length } }, () =>
    tagMachines(aws.ec2, ids, { [tagKeys.flipped]: context.run.id }),
  );
  const answers = await context.change(
    { action: 'flip-hosts', target: group, data: { version, hosts: ids.length } },
    () => flipHosts(context, machines, version),
  );
  context.signal.throwIfAborted();
  const switched = answers.filter((answer) => answer.ok).map((answer) => answer.id);
  await tagMachines(aws.ec2, switched, { [tagKeys.version]: version });
  const failed = answers.filter((answer) => !answer.ok);
  if (failed.length * 100 > machines.length * fleet.release.flip.maxFailedPercent) {
    throw new PipelineError(
      'flip.failed',
      `${failed.length} of ${machines.length} hosts could not switch to ${version}, more than ${fleet.release.flip.maxFailedPercent} %`,
      {
        details: reasons(failed),
        hint: `roll the fleet instead: pipeline fast-rollback ${fleet.app} ${version} --how roll`,
      },
    );
  }
  return answers;
}

/** Takes hosts that could not switch out of the load balancer; the group launches others from the pinned image. */
async function replaceFailed(context: RollbackContext, failed: FlipAnswer[]): Promise<void> {
  const { aws } = context.services;
  for (const answer of failed) {
    context.note(`${answer.id} cannot switch and is replaced: ${answer.reason}`);
    await context.change({ action: 'replace-instance', target: answer.id, data: { why: answer.reason } }, () =>
      replaceInstance(aws.autoScaling, answer.id),
    );
  }
}

/** Waits until the smoke tests find the old version, several times in a row: kept connections may see the other once more. */
async function waitTraffic(context: RollbackContext): Promise<void> {
  const { fleet } = context.services;
  let inRow = 0;
  let found: string[] = [];
  try {
    await context.poll({
      what: `${context.state.version} to be what is served`,
      read: async () => {
        found = await smokeFailures(context);
        return found.length;
      },
      until: (failures) => {
        inRow = failures === 0 ? inRow + 1 : 0;
        return inRow >= fleet.release.healthyReads;
      },
      progress: () => context.progress(found.join('; ') || 'looking at what is served'),
      everyMs: Math.min(fleet.release.pollSeconds * 1000, lookEveryMs),
      timeoutMs: times(fleet, 'health').timeoutMs,
    });
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'wait.timeout') throw error;
    throw new PipelineError('flip.not-serving', `${context.state.version} does not serve as it should`, {
      details: found,
    });
  }
}

function reasons(answers: readonly FlipAnswer[]): string[] {
  const shown = answers.slice(0, 5).map((answer) => `${answer.id}: ${answer.reason}`);
  return answers.length > shown.length ? [...shown, `and ${answers.length - shown.length} more`] : shown;
}
