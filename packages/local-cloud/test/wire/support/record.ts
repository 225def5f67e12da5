import type { CallContext } from '../../../src/wire/handler.ts';

/** A handler that keeps what it got and answers what the test says. */
export function recording(answer: unknown) {
  const seen: { input?: unknown; call?: CallContext } = {};
  const handler = (input: unknown, call: CallContext) => {
    Object.assign(seen, { input, call });
    return answer;
  };
  return { seen, handler };
}

/** The SDK's answer without what it adds itself. */
export function plain(answer: object): object {
  const { $metadata, ...rest } = answer as { $metadata?: unknown };
  return rest;
}
