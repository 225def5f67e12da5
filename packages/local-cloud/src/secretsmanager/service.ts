import type { Service } from '../service.ts';
import { deleteHandlers } from './delete.ts';
import { describeHandlers } from './describe.ts';
import { readHandlers } from './read.ts';
import { type SecretContext, SecretStore } from './store.ts';
import { writeHandlers } from './write.ts';

/** Secrets Manager. */
export function createSecretService(context: SecretContext): Service {
  const store = new SecretStore(context);
  return {
    handlers: {
      ...writeHandlers(store),
      ...readHandlers(store),
      ...describeHandlers(store),
      ...deleteHandlers(store),
    },
  };
}
