/** What a client of the SDK has to be resolved once: every one has it. */
export interface ResolvedClient {
  // biome-ignore lint/suspicious/noExplicitAny: the types of the stack and of the call are those of one client
  middlewareStack: Record<Change, (...given: any[]) => any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  send: (...given: any[]) => any;
  config: { cacheMiddleware?: boolean };
}

const changes = ['add', 'addRelativeTo', 'use', 'remove', 'removeByTag'] as const;
type Change = (typeof changes)[number];

/**
 * Lets a client put its middleware together once for each command, and again when middleware is added or removed. The SDK does it for
 * every call, which takes a tenth of the processor time of a simulation. Options of a call are dropped, as they make the SDK resolve
 * anew; they are for its connections and its waits.
 */
export function resolveOnce(client: ResolvedClient): void {
  const { middlewareStack: stack } = client;
  client.config.cacheMiddleware = true;
  const send = client.send.bind(client);
  client.send = (command, options, callback) => send(command, typeof options === 'function' ? options : callback);
  for (const name of changes) {
    const change = stack[name].bind(stack);
    stack[name] = (...given) => {
      // The SDK's own record of what it has resolved; it makes a new one.
      Object.assign(client, { handlers: undefined });
      return change(...given);
    };
  }
}
