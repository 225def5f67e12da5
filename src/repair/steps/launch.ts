import { readGroup, setTemplate } from '../../aws/groups.ts';
import { tagKnownGood } from '../../aws/images.ts';
import { setDefaultVersion } from '../../aws/launch-templates.ts';
import { addTemplateVersion, dropTemplateVersion } from '../../fleet/add-template-version.ts';
import { releaseClaim } from '../../fleet/claim.ts';
import { isRestored, type RepairContext, type RepairStep } from '../state.ts';

/** Whether the group launches the image that this run has made: from then on it is kept, whatever else is undone. */
export async function isLaunched({ services, state }: RepairContext): Promise<boolean> {
  const { group, templateVersion } = state;
  if (templateVersion === undefined) return false;
  return (await readGroup(services.aws.autoScaling, group)).launchTemplate.version === templateVersion;
}

/**
 * Lets the group launch the new image. Instances that serve stay as they are: they run that version. What the group launches is not
 * restored, as Auto Scaling accepts no template whose image is gone, and the fleet would be at risk again.
 */
export const launchNewImage: RepairStep = {
  id: 'launch',
  title: 'Launch new instances from the new image',
  commits: true,
  describe: ({ state: { group, version }, services: { fleet } }) => [
    `a new version of launch template ${fleet.names.launchTemplate}, which ${group} launches and which becomes the default; instances that run ${version} stay`,
  ],
  async run(context) {
    const { aws } = context.services;
    const { group, imageId, knownGood } = context.state;
    const template = await addTemplateVersion(context, group);
    const named = { id: template.templateId, version: template.number };
    const { launchTemplate } = await readGroup(aws.autoScaling, group);
    if (launchTemplate.version !== named.version) {
      await context.change(
        { action: 'set-group-template', target: group, data: { was: launchTemplate.version, version: named.version } },
        () => setTemplate(aws.autoScaling, group, named),
      );
    }
    await context.change({ action: 'set-default-version', target: named.id, data: { version: named.version } }, () =>
      setDefaultVersion(aws.ec2, named.id, named.version),
    );
    if (knownGood && imageId !== undefined) {
      await context.change({ action: 'mark-known-good', target: imageId }, () => tagKnownGood(aws.ec2, imageId));
    }
    if (isRestored(context.state)) await releaseClaim(context);
    context.note(`${group} launches ${imageId} from now on: version ${named.version} of ${named.id}`);
  },
  async undo(context) {
    if (!(await isLaunched(context))) await dropTemplateVersion(context);
  },
};
