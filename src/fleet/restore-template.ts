import { readGroup, setTemplate } from '../aws/groups.ts';
import { readTemplateVersion, setDefaultVersion } from '../aws/launch-templates.ts';
import { isMade } from '../engine/change-once.ts';
import { need } from '../engine/need.ts';
import type { NewTemplate } from './facts.ts';
import type { ContextWith, FleetFacts } from './services.ts';

type Context = ContextWith<Pick<FleetFacts, 'group' | 'current'>>;

/**
 * Lets those who launch from the template without naming a version get the one of this run. What the default was is journaled, and noted
 * where it was not what the group launched from: then somebody else has chosen it. One that they have set since this step began, or since a run has
 * stopped that is completed, stays.
 */
export async function makeDefault(context: ContextWith<Pick<FleetFacts, 'current'> & NewTemplate>): Promise<void> {
  const { ec2 } = context.services.aws;
  const { templateId, templateVersion: launched } = context.state.current;
  const version = need(context.state, 'templateVersion');
  const { number: was } = await readTemplateVersion(ec2, templateId, '$Default');
  const begun = context.changes().filter((one) => one.action === 'set-default-version');
  const known = begun.some(isMade) ? [version] : [version, launched, ...begun.map((one) => one.data.was)];
  if ((begun.length > 0 || context.completing) && !known.includes(was)) {
    return context.note(`the default version of ${templateId} is ${was}, which this run did not set: it stays`);
  }
  if (![version, launched].includes(was)) {
    context.note(`the default version of ${templateId} was ${was}, which somebody else has set; it is ${version} now`);
  }
  await context.change({ action: 'set-default-version', target: templateId, data: { version, was } }, () =>
    setDefaultVersion(ec2, templateId, version),
  );
}

/** Puts the default version of the launch template back, if this step moved it. One that somebody else has set since stays. */
export async function restoreDefaultVersion(context: Context): Promise<void> {
  const { ec2 } = context.services.aws;
  const { templateId, templateVersion: launched } = context.state.current;
  const ours = versionsSetBy(context, 'set-default-version');
  if (ours.length === 0) return;
  // An earlier process of this run may have set it already; journals from before it was kept do not tell what it was.
  const was = context.changes().flatMap((one) => (one.action === 'set-default-version' ? [one.data.was] : []));
  const before = was.filter((one) => typeof one === 'string').find((one) => !ours.includes(one)) ?? launched;
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
export async function restoreGroupTemplate(context: Context): Promise<boolean> {
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

function versionsSetBy(context: Context, action: string): string[] {
  return context.changes().flatMap((one) => (one.action === action && !one.undoing ? String(one.data.version) : []));
}
