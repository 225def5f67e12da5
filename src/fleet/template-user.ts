import { readGroups } from '../aws/groups.ts';
import type { RollContext } from './services.ts';

/** The group that launches, or has instances of, the template version that this run has added; undefined when none does. */
export async function userOfTemplate({ services, state }: RollContext): Promise<string | undefined> {
  const { group, idle, templateVersion } = state;
  if (templateVersion === undefined) return undefined;
  const groups = await readGroups(services.aws.autoScaling, [group, ...(idle ? [idle.group] : [])]);
  return groups.find(
    ({ launchTemplate, instances }) =>
      launchTemplate.version === templateVersion ||
      instances.some((one) => one.templateVersion === templateVersion && !/^Terminat/.test(one.lifecycle)),
  )?.name;
}
