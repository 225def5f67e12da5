import { readGroup, setTemplate } from '../aws/groups.ts';
import { readTemplateVersion, setDefaultVersion } from '../aws/launch-templates.ts';
import type { RollContext } from './services.ts';

/** Puts the default version of the launch template back, if this step moved it. One that somebody else has set since stays. */
export async function restoreDefaultVersion(context: RollContext): Promise<void> {
  const { ec2 } = context.services.aws;
  const { templateId, templateVersion: before } = context.state.current;
  const ours = versionsSetBy(context, 'set-default-version');
  if (ours.length === 0) return;
  const { number } = await readTemplateVersion(ec2, templateId, '$Default');
  if (![...ours, before].includes(number)) {
    context.note(`the default version of ${templateId} is ${number}, which this run did not set: it stays`);
    return;
  }
  await context.change({ action: 'restore-default-version', target: templateId }, () =>
    setDefaultVersion(ec2, templateId, before),
  );
}

/**
 * Lets the group launch from the template version that it had, if this step gave it another. One that somebody else has given it since
 * stays.
 * @returns whether this step had given it one
 */
export async function restoreGroupTemplate(context: RollContext): Promise<boolean> {
  const { autoScaling } = context.services.aws;
  const { group, current } = context.state;
  const ours = versionsSetBy(context, 'set-group-template');
  if (ours.length === 0) return false;
  const first = context.changes().find((one) => one.action === 'set-group-template');
  const { version } = (await readGroup(autoScaling, group)).launchTemplate;
  if (![...ours, first?.data.was, current.templateVersion].includes(version)) {
    context.note(`${group} launches from template version ${version}, which this run did not set: it stays`);
    return true;
  }
  const was = { id: current.templateId, version: current.templateVersion };
  await context.change({ action: 'restore-group-template', target: group, data: was }, () =>
    setTemplate(autoScaling, group, was),
  );
  return true;
}

function versionsSetBy(context: RollContext, action: string): string[] {
  return context.changes().flatMap((one) => (one.action === action && !one.undoing ? String(one.data.version) : []));
}
