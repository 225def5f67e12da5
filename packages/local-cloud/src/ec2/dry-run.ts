import { CloudError, type HandlerTable } from '../wire/handler.ts';

/** What a dry run of an operation looks at besides permissions, by operation; it throws the refusal that the call would get. */
export type DryRunChecks = Readonly<Record<string, (input: never) => void>>;

/** EC2's operations with `DryRun`, which changes nothing and says so with an error. */
export function withDryRun(table: HandlerTable, checks: DryRunChecks = {}): HandlerTable {
  const wrapped = Object.entries(table).map(([operation, handler]): [string, HandlerTable[string]] => [
    operation,
    (input, call) => {
      if (input?.DryRun !== true) return handler(input, call);
      checks[operation]?.(input as never);
      throw new CloudError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    },
  ]);
  return Object.fromEntries(wrapped);
}
