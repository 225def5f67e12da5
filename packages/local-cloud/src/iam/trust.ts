import type { RoleRecord } from '../model.ts';
import { account } from '../settings.ts';
import { wildcardMatcher } from '../wildcards.ts';
import { readPolicy, type Statement } from './policy-document.ts';

/** Who wants to take a role. */
export type Taker =
  | { service: string }
  | {
      arn: string;
      /** ARN of the role whose credentials they have. */
      role?: string;
      /** Whether their own policies let them: that is what a trust in the whole account asks for. */
      isAllowed: boolean;
    };

const wholeAccount = [account.id, `arn:aws:iam::${account.id}:root`];

/** Whether the role's trust policy lets them: any statement that allows it, and none that denies it. Conditions are not evaluated (see permissions.ts). */
export function mayTake(role: RoleRecord, taker: Taker): boolean {
  const meant = readPolicy(role.trustPolicy).filter((one) => isAboutTaking(one) && names(one, taker));
  const isDenied = meant.some(({ effect, conditional }) => effect === 'Deny' && !conditional);
  return !isDenied && meant.some(({ effect }) => effect === 'Allow');
}

function isAboutTaking({ actions = [] }: Statement): boolean {
  return actions.some((action) => wildcardMatcher(action.toLowerCase())('sts:assumerole'));
}

function names({ principals = {} }: Statement, taker: Taker): boolean {
  if (principals['*']) return true;
  if ('service' in taker) return principals.Service?.includes(taker.service) ?? false;
  const own = ['*', taker.arn, ...(taker.role ? [taker.role] : []), ...(taker.isAllowed ? wholeAccount : [])];
  return principals.AWS?.some((name) => own.includes(name)) ?? false;
}
