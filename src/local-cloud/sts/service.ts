import { account } from '../settings.ts';
import type { HandlerTable } from '../wire/handler.ts';

/** STS as far as tools need it to ask who they are: the account's root user, whose id is the account's, as AWS has it. */
export function createStsService(): { handlers: HandlerTable } {
  const identity = { Account: account.id, Arn: `arn:aws:iam::${account.id}:root`, UserId: account.id };
  return { handlers: { GetCallerIdentity: () => identity } };
}
