import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Group, readGroup } from '../aws/groups.ts';
import { readImage } from '../aws/images.ts';
import { readTemplateVersion } from '../aws/launch-templates.ts';
import { whoCalled } from '../config/aws-command.ts';
import type { ImageFacts, NewTemplate, ReturnFacts } from '../fleet/facts.ts';
import type { ContextWith, FleetFacts } from '../fleet/services.ts';
import { blockingProcesses, suspendedError } from '../fleet/suspended.ts';

type Context = ContextWith<
  Pick<FleetFacts, 'group' | 'current'> & { version: string } & ImageFacts & NewTemplate & ReturnFacts
>;

/**
 * That nobody has taken away since the release began what it needs to bring the fleet onto its image, right before it does so: the processes
 * of the group, the template version that it starts from, its own image, and the one that an undo goes back to.
 * @throws PipelineError `group.suspended`, `roll.template-changed`, `roll.image-gone`, `roll.no-rollback-target`
 */
export async function assertRollable(context: Context): Promise<void> {
  const { aws, fleet } = context.services;
  const group = await readGroup(aws.autoScaling, context.state.group);
  const suspended = suspendedError(fleet, group, blockingProcesses);
  if (suspended) throw suspended;
  await assertSameTemplate(context, group);
  await assertImages(context);
}

/** Another version may be another type of instance, or another network: the image was not validated with it. */
async function assertSameTemplate(context: Context, { name, launchTemplate }: Group): Promise<void> {
  const { aws, fleet } = context.services;
  const { current, templateVersion } = context.state;
  const { id, version } = launchTemplate;
  // A mixed instances policy names its templates elsewhere.
  if (id === '') return;
  const number = /^\d+$/.test(version) ? version : (await readTemplateVersion(aws.ec2, id, version)).number;
  if (id === current.templateId && [current.templateVersion, templateVersion].includes(number)) return;
  const now = id === current.templateId ? `version ${number}` : `version ${number} of ${id}`;
  throw new PipelineError(
    'roll.template-changed',
    `${name} launches from template ${now} now, and from version ${current.templateVersion} when this release began: somebody else has changed it`,
    {
      details: whoCalled(fleet, 'UpdateAutoScalingGroup'),
      // No instance of the fleet runs that version yet.
      fix: `release again, onto what is launched now: pipeline release ${fleet.app} --bake builder`,
    },
  );
}

async function assertImages(context: Context): Promise<void> {
  const { aws, fleet } = context.services;
  const { imageId, current, version, noRollbackTarget = false, unlaunchable = false } = context.state;
  const stateOf = async (id: string) => (await readImage(aws.ec2, id))?.state ?? 'gone';
  const details = whoCalled(fleet, 'DeregisterImage');
  const own = imageId === undefined ? 'available' : await stateOf(imageId);
  if (own !== 'available') {
    throw new PipelineError(
      'roll.image-gone',
      `image ${imageId} of ${version} is ${own}: somebody else has taken it away since it was validated`,
      { details, fix: `release again: pipeline release ${fleet.app}` },
    );
  }
  // Known, and agreed to.
  if (current.imageId === undefined || unlaunchable) return;
  const before = await stateOf(current.imageId);
  if (before === 'available') return;
  if (noRollbackTarget) {
    await context.save({ unlaunchable: true });
    return context.note(`image ${current.imageId}, which serves, is ${before}: this release has no rollback target`);
  }
  throw new PipelineError(
    'roll.no-rollback-target',
    `image ${current.imageId} of ${current.version ?? 'what serves'} is ${before} since this release began: there would be no rollback target`,
    {
      details,
      fix: `pipeline repair ${fleet.app} bakes it again from a host; or release without a rollback target: pipeline release ${fleet.app} --no-rollback-target`,
    },
  );
}
