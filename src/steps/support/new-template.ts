import { createTemplateVersion } from '../../aws/launch-templates.ts';
import { tagKeys } from '../../aws/tags.ts';
import type { RollContext } from '../services.ts';

/** Adds the launch-template version with the run's image and saves its number. No group names it yet. */
export async function addTemplateVersion(
  context: RollContext,
  group: string,
): Promise<{ templateId: string; number: string }> {
  const { fleet, aws } = context.services;
  const { version, commit, imageId, current } = context.state;
  if (!imageId) throw new Error('there is no image to launch from');
  const template = await context.change(
    { action: 'create-template-version', target: current.templateId, data: { imageId } },
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
