import type { ReleaseContext } from './services.ts';
import { flipProgram } from './switch-program.ts';

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

/** What the host says it can switch to. A host that cannot say so is no reason not to bake: its image is rolled instead of flipped. */
export async function heldEnvironments(context: ReleaseContext): Promise<string[]> {
  const { fleet, hosts } = context.services;
  if (!context.state.host) return [];
  try {
    const said = await hosts.run(context.state.host, flipProgram(fleet, 'list'));
    const { environments } = JSON.parse(said) as { environments?: unknown };
    return Array.isArray(environments) ? environments.map(String) : [];
  } catch {
    context.note('the host cannot switch between environments: a rollback from this image will be a roll');
    return [];
  }
}
