import { messageOf } from '@golden-pipeline/shared/errors';
import type { CloudContext } from '../../context.ts';
import { CloudError } from '../../wire/handler.ts';
import type { BalancerSync } from '../sync.ts';

/** What every group of handlers is built with. */
export interface ElbParts {
  context: CloudContext;
  sync: BalancerSync;
}

/** Puts a change of the routing into force. When the balancer refuses it (a taken port, say), the change is undone and the caller told why. */
export async function enforce({ context, sync }: ElbParts, undo: () => void): Promise<void> {
  context.changed();
  try {
    await sync.apply();
  } catch (error) {
    undo();
    context.changed();
    context.report(error);
    throw new CloudError('InvalidConfigurationRequest', messageOf(error));
  } finally {
    sync.enqueue();
  }
}
