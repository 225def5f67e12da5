import type { RoleRecord } from '../model.ts';
import { wildcardMatcher } from '../wildcards.ts';
import { managedStatements } from './managed.ts';
import { readPolicy, type Statement } from './policy-document.ts';
import type { IamStore } from './store.ts';

/**
 * Whether a role's policies let it: a statement that allows it, and none that denies it. Conditions are not evaluated: statements that allow
 * count as if theirs were met, those that deny as if not.
 */
export function isAllowed(store: IamStore, role: RoleRecord, action: string, resource: string): boolean {
  const meant = statementsOf(store, role).filter((one) => isAbout(one, action, resource));
  const isDenied = meant.some(({ effect, conditional }) => effect === 'Deny' && !conditional);
  return !isDenied && meant.some(({ effect }) => effect === 'Allow');
}

function statementsOf(store: IamStore, role: RoleRecord): Statement[] {
  const attached = role.attached.flatMap((arn) => {
    const own = store.policies[arn];
    return own ? readPolicy(own.document) : managedStatements(arn);
  });
  return [...Object.values(role.policies).flatMap(readPolicy), ...attached];
}

function isAbout(one: Statement, action: string, resource: string): boolean {
  const wanted = action.toLowerCase();
  const fitsAction = (pattern: string) => wildcardMatcher(pattern.toLowerCase())(wanted);
  const fitsResource = (pattern: string) => wildcardMatcher(pattern)(resource);
  const actionIsMeant = one.actions?.some(fitsAction) ?? !one.notActions?.some(fitsAction);
  return actionIsMeant && (one.resources?.some(fitsResource) ?? !(one.notResources ?? ['*']).some(fitsResource));
}
