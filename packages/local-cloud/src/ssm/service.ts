import type { Service } from '../service.ts';
import { describeHandlers } from './describe.ts';
import { labelHandlers } from './labels.ts';
import { putHandlers } from './put.ts';
import { readHandlers } from './read.ts';
import { type ParameterContext, ParameterStore } from './store.ts';

/** Parameter Store of Systems Manager. */
export function createParameterService(context: ParameterContext): Service {
  const store = new ParameterStore(context);
  return {
    handlers: {
      ...putHandlers(store),
      ...readHandlers(store),
      ...describeHandlers(store),
      ...labelHandlers(store),
    },
  };
}
