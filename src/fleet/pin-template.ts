import { readGroup, setTemplate } from '../aws/groups.ts';
import type { ContextWith, FleetFacts } from './services.ts';

/**
 * A group that names `$Default` or `$Latest`, as the infrastructure leaves it, is given the number that this means now. It launches
 * the same instances as before, so there is nothing to undo; but Auto Scaling rolls a refresh back to a numbered version only.
 */
export async function pinTemplate(context: ContextWith<Pick<FleetFacts, 'group' | 'current'>>): Promise<void> {
  const { aws } = context.services;
  const { current } = context.state;
  const { name, launchTemplate } = await readGroup(aws.autoScaling, context.state.group);
  if (/^[0-9]+$/.test(launchTemplate.version)) return;
  const template = { id: current.templateId, version: current.templateVersion };
  await context.change(
    { action: 'pin-template-version', target: name, data: { was: launchTemplate.version, version: template.version } },
    () => setTemplate(aws.autoScaling, name, template),
  );
}
