import { messageOf } from '@golden-pipeline/shared/errors';
import { readGroups } from '../aws/groups.ts';
import { createTemplateVersion, deleteTemplateVersion, readTemplateVersion } from '../aws/launch-templates.ts';
import { tagKeys } from '../aws/tags.ts';
import { changeOnce } from '../engine/change-once.ts';
import { need } from '../engine/need.ts';
import type { ImageFacts, NewTemplate, VersionFacts } from './facts.ts';
import type { ContextWith, FleetFacts } from './services.ts';

/** What a new version of the launch template is made from. */
export type TemplateFacts = Pick<FleetFacts, 'group' | 'idle' | 'current'> & VersionFacts & ImageFacts & NewTemplate;
type Context = ContextWith<TemplateFacts>;

/** Adds the launch-template version with the run's image and saves its number. No group names it yet. */
export async function addTemplateVersion(
  context: Context,
  group: string,
): Promise<{ templateId: string; number: string }> {
  const { fleet, aws } = context.services;
  const { version, commit, current } = context.state;
  const imageId = need(context.state, 'imageId');
  const template = await changeOnce(
    context,
    { action: 'create-template-version', target: current.templateId, data: { imageId, group } },
    (token) =>
      createTemplateVersion(aws.ec2, {
        templateId: current.templateId,
        sourceVersion: current.templateVersion,
        imageId,
        description: `${fleet.app} ${version}`,
        instanceTags: {
          Name: group,
          [tagKeys.app]: fleet.app,
          [tagKeys.environment]: fleet.environment,
          [tagKeys.version]: version,
          [tagKeys.commit]: commit,
        },
        token,
      }),
  );
  await context.save({ templateVersion: template.number });
  return template;
}

/**
 * Deletes the version that the run has added: its image goes with the run, and `$Latest` would launch from it. A version that
 * a group, an instance or the default still names is kept, with a note.
 */
export async function dropTemplateVersion(context: Context): Promise<void> {
  const { aws } = context.services;
  const { group, idle, current } = context.state;
  const number = context.state.templateVersion ?? (await unansweredVersion(context));
  if (number === undefined) return;
  const { templateId } = current;
  const [groups, standard] = await Promise.all([
    readGroups(aws.autoScaling, [group, ...(idle ? [idle.group] : [])]),
    readTemplateVersion(aws.ec2, templateId, '$Default'),
  ]);
  const named = groups.find(
    ({ launchTemplate, instances }) =>
      launchTemplate.version === number ||
      instances.some((one) => one.templateVersion === number && !/^Terminat/.test(one.lifecycle)),
  );
  if (named || standard.number === number) {
    context.note(`version ${number} of ${templateId} is kept: ${named?.name ?? 'the default'} still names it`);
    return;
  }
  await context.change({ action: 'delete-template-version', target: templateId, data: { version: number } }, () =>
    deleteTemplateVersion(aws.ec2, templateId, number),
  );
  await context.save({ templateVersion: undefined });
}

/**
 * The version whose creation this step began and was not answered. The same call with the same token tells it; where the first one
 * was never made, this one makes a version that nobody names. Undefined when EC2 refuses that as well: then there is most likely none.
 */
async function unansweredVersion(context: Context): Promise<string | undefined> {
  const begun = context.changes().find((one) => one.action === 'create-template-version' && !one.undoing);
  if (!begun) return undefined;
  try {
    return (await addTemplateVersion(context, String(begun.data.group))).number;
  } catch (error) {
    context.note(`whether ${begun.target} has a version of this run is not known: ${messageOf(error)}`);
    return undefined;
  }
}
