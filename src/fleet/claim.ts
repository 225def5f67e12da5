import { PipelineError } from '@golden-pipeline/shared/errors';
import { readGroupTag, setGroupTag } from '../aws/group-tags.ts';
import { tagKeys } from '../aws/tags.ts';
import { awsCommand } from '../config/aws-command.ts';
import type { RunContext } from '../engine/step.ts';
import type { Services } from './services.ts';

type Context = RunContext<Services, object>;

/**
 * The run that the fleet's group is tagged with, if this ledger does not know it. One that it knows is kept away by the lock while it is
 * active; else it was interrupted, and its tag is replaced.
 */
async function unknownRun({ fleet, aws, ledger }: Services, own: string): Promise<string | undefined> {
  const run = await readGroupTag(aws.autoScaling, fleet.names.group, tagKeys.run);
  if (run === undefined || run === own) return undefined;
  return (await ledger.run(run)) === undefined ? run : undefined;
}

/** @throws PipelineError `fleet.claimed` while a run of another ledger is active on the fleet, as far as the tag of its group tells */
export async function assertUnclaimed({
  services,
  run,
}: Pick<Context, 'services'> & { run: Pick<Context['run'], 'id'> }): Promise<void> {
  const other = await unknownRun(services, run.id);
  if (other === undefined) return;
  const { app, environment, names } = services.fleet;
  const tag = `ResourceId=${names.group},ResourceType=auto-scaling-group,Key=${tagKeys.run}`;
  const untag = awsCommand(services.fleet, `autoscaling delete-tags --tags ${tag}`);
  throw new PipelineError(
    'fleet.claimed',
    `run ${other}, which this ledger does not know, is active on ${app} in ${environment}`,
    { fix: `wait for it, and use the ledger that it uses; if it is certain that it has finished: ${untag}` },
  );
}

/**
 * Tags the fleet's group with this run, and reads the tag again: of two runs that do so at once, the later one goes on.
 * @throws as {@link assertUnclaimed}
 */
export async function claimFleet(context: Context): Promise<void> {
  const { fleet, aws } = context.services;
  const { group } = fleet.names;
  await assertUnclaimed(context);
  await context.change({ action: 'claim-fleet', target: group }, () =>
    setGroupTag(aws.autoScaling, group, tagKeys.run, context.run.id),
  );
  await assertUnclaimed(context);
}

/** Takes this run's tag off the group; that of another run stays. */
export async function releaseClaim(context: Context): Promise<void> {
  const { fleet, aws } = context.services;
  const { group } = fleet.names;
  if ((await readGroupTag(aws.autoScaling, group, tagKeys.run)) !== context.run.id) return;
  await context.change({ action: 'release-claim', target: group }, () =>
    setGroupTag(aws.autoScaling, group, tagKeys.run, undefined),
  );
}

/** Says that a run of another ledger may be active, and stops nothing: a rollback must never wait for that. */
export async function noteClaim(context: Context): Promise<void> {
  const other = await unknownRun(context.services, context.run.id).catch(() => undefined);
  if (other === undefined) return;
  const { group } = context.services.fleet.names;
  context.note(
    `run ${other}, which this ledger does not know, may be active on the fleet, too: ${group} carries its tag`,
  );
}
