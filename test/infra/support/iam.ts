import type { Statement } from '../../../infra/deploy-policy.ts';

/** One question that AWS asks of a policy; a call asks it once for every resource that it touches. */
export interface Question {
  action: string;
  resource: string;
  /** Values of condition keys; one that is left out is not in the request. */
  context: Readonly<Record<string, string | undefined>>;
}

type Values = readonly string[];
type Operator = (actual: string | undefined, wanted: Values) => boolean;

/** The operators that our policies use, as IAM's reference has them. A key that is not in the request matches none but the last two. */
const operators: Record<string, Operator> = {
  StringEquals: (actual, wanted) => actual !== undefined && wanted.includes(actual),
  StringLike: (actual, wanted) => actual !== undefined && wanted.some((one) => fits(one, actual)),
  'ForAnyValue:StringEquals': (actual, wanted) => actual !== undefined && wanted.includes(actual),
  BoolIfExists: (actual, wanted) => actual === undefined || wanted.includes(actual),
  Null: (actual, wanted) => wanted.includes(String(actual === undefined)),
};

/** Whether a policy of Allow statements answers a question with yes. @throws for an operator that it does not know */
export function allows(statements: readonly Statement[], { action, resource, context }: Question): boolean {
  return statements.some(
    ({ Action, Resource, Condition = {} }) =>
      Action.includes(action) &&
      [Resource].flat().some((one) => fits(one, resource)) &&
      Object.entries(Condition).every(([name, keys]) => {
        const holds = operators[name];
        if (!holds) throw new Error(`${name} is not known here`);
        return Object.entries(keys).every(([key, wanted]) => holds(context[key], [wanted].flat()));
      }),
  );
}

/** `*` stands for any text, `?` for any character. */
function fits(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}
