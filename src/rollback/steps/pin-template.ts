import { readGroup, setTemplate } from '../../aws/groups.ts';
import { setDefaultVersion } from '../../aws/launch-templates.ts';
import { addTemplateVersion, dropTemplateVersion, type TemplateFacts } from '../../fleet/add-template-version.ts';
import type { RefreshFacts } from '../../fleet/facts.ts';
import { refreshBack } from '../../fleet/refresh.ts';
import { restoreDefaultVersion, restoreGroupTemplate } from '../../fleet/restore-template.ts';
import type { FleetGroup, StepWith } from '../../fleet/services.ts';

/** From here on every instance that the group launches starts with the old image: before the hosts change, lest one appear between. */
export const pinTemplateVersion: StepWith<FleetGroup & TemplateFacts & RefreshFacts> = {
  id: 'pin-template',
  title: 'Pin the launch template version of the old image',
  describe: ({ state, services: { fleet } }) => [
    `a new version of launch template ${fleet.names.launchTemplate} with image ${state.imageId}; ${state.group} launches from it at once`,
  ],
  async run(context) {
    const { aws } = context.services;
    const { group } = context.state;
    const template = await addTemplateVersion(context, group);
    const pinned = { id: template.templateId, version: template.number };
    const { launchTemplate } = await readGroup(aws.autoScaling, group);
    await context.change(
      { action: 'set-group-template', target: group, data: { was: launchTemplate.version, version: pinned.version } },
      () => setTemplate(aws.autoScaling, group, pinned),
    );
    await context.change({ action: 'set-default-version', target: pinned.id, data: { version: pinned.version } }, () =>
      setDefaultVersion(aws.ec2, pinned.id, pinned.version),
    );
  },
  async undo(context) {
    const given = await restoreGroupTemplate(context);
    await restoreDefaultVersion(context);
    // Instances that were launched meanwhile have the old image only.
    if (given) await refreshBack(context);
    await dropTemplateVersion(context);
  },
};
