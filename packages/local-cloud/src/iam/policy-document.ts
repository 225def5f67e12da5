import { malformedPolicy } from './errors.ts';

/** A statement of a policy, its lists always lists. */
export interface Statement {
  effect: 'Allow' | 'Deny';
  actions?: string[];
  notActions?: string[];
  resources?: string[];
  notResources?: string[];
  /** Kind (`AWS`, `Service`, ...; `*` alone stands for everyone) to names. */
  principals?: Record<string, string[]>;
  /** It holds under conditions only, which are not evaluated here. */
  conditional: boolean;
}

/**
 * Reads a policy.
 * @throws CloudError `MalformedPolicyDocument` for a text that is not one
 */
export function readPolicy(text: string): Statement[] {
  let document: { Version?: unknown; Statement?: unknown };
  try {
    document = JSON.parse(text);
  } catch {
    throw malformedPolicy('Syntax errors in policy.');
  }
  if (typeof document !== 'object' || document === null) throw malformedPolicy('Syntax errors in policy.');
  if (document.Version !== undefined && document.Version !== '2012-10-17' && document.Version !== '2008-10-17') {
    throw malformedPolicy('The policy must contain a valid version string');
  }
  const statements = [document.Statement ?? []].flat();
  if (statements.length === 0) throw malformedPolicy('Syntax error at position (1,1)');
  return statements.map(readStatement);
}

function readStatement(value: unknown): Statement {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { Effect: effect, Principal: principal } = given;
  if (effect !== 'Allow' && effect !== 'Deny') throw malformedPolicy('Effect must be Allow or Deny.');
  if (given.Action === undefined && given.NotAction === undefined) {
    throw malformedPolicy('Policy statement must contain actions.');
  }
  return {
    effect,
    actions: texts(given.Action),
    notActions: texts(given.NotAction),
    resources: texts(given.Resource),
    notResources: texts(given.NotResource),
    principals: principal === undefined ? undefined : readPrincipals(principal),
    conditional: typeof given.Condition === 'object' && Object.keys(given.Condition ?? {}).length > 0,
  };
}

function readPrincipals(value: unknown): Record<string, string[]> {
  if (value === '*') return { '*': ['*'] };
  if (typeof value !== 'object' || value === null) throw malformedPolicy('Invalid principal in policy.');
  return Object.fromEntries(Object.entries(value).map(([kind, names]) => [kind, texts(names) ?? []]));
}

function texts(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  const list = [value].flat();
  if (list.some((one) => typeof one !== 'string')) throw malformedPolicy('Syntax errors in policy.');
  return list as string[];
}
