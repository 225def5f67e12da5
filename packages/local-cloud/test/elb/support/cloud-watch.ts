import { createCloudWatchService } from '../../../src/cloudwatch/service.ts';
import type { CloudContext } from '../../../src/context.ts';
import { startWire } from '../../wire/support/start-wire.ts';

/** CloudWatch on the wire, of a balancer's own numbers. */
export function startCloudWatch(context: CloudContext): ReturnType<typeof startWire> {
  return startWire({ monitoring: createCloudWatchService(context).handlers });
}
