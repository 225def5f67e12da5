import type { Host } from '../hosts/types.ts';
import type { ContextWith } from './services.ts';
import { switchProgram } from './switch-program.ts';

/** Longest value of a tag (EC2). */
const longestTag = 256;

/** As many versions, newest first, as a tag holds. */
export function environmentsTag(versions: readonly string[]): string {
  let value = '';
  for (const version of versions) {
    const longer = value === '' ? version : `${value} ${version}`;
    if (longer.length > longestTag) break;
    value = longer;
  }
  return value;
}

/** What the host says it can switch to. A host that cannot say so is not a reason not to bake: its image is replaced instead of switched in place. */
export async function heldEnvironments(context: ContextWith<object>, host: Host): Promise<string[]> {
  const { fleet, hosts } = context.services;
  try {
    const said = await hosts.run(host, switchProgram(fleet, 'list'));
    const { environments } = JSON.parse(said) as { environments?: unknown };
    return Array.isArray(environments) ? environments.map(String) : [];
  } catch {
    context.note('the host cannot switch between environments: a rollback from this image uses the method rolling');
    return [];
  }
}
