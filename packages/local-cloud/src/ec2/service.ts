import type { CloudContext, InstanceService } from '../context.ts';
import type { Service } from '../service.ts';
import type { HandlerTable } from '../wire/handler.ts';
import { withDryRun } from './dry-run.ts';
import { imageAttributeHandlers } from './images/attributes.ts';
import { Bakes } from './images/bakes.ts';
import { copyImageHandlers } from './images/copy.ts';
import { createImageHandlers } from './images/create.ts';
import { deregisterHandlers } from './images/deregister.ts';
import { describeImageHandlers } from './images/describe.ts';
import { protectionHandlers } from './images/protection.ts';
import { imageReferenceHandlers } from './images/references.ts';
import { snapshotAttributeHandlers } from './images/snapshot-attributes.ts';
import { snapshotHandlers } from './images/snapshots.ts';
import { attributeHandlers } from './instances/attributes.ts';
import { describeHandlers } from './instances/describe.ts';
import { instanceFacetHandlers } from './instances/facets.ts';
import { planLaunch } from './instances/launch-request.ts';
import { InstanceLifecycle } from './instances/lifecycle.ts';
import { lifecycleHandlers } from './instances/lifecycle-handlers.ts';
import { modifyAttributeHandlers } from './instances/modify-attribute.ts';
import { monitoringHandlers } from './instances/monitoring.ts';
import { profileHandlers } from './instances/profiles.ts';
import { reviveInstances } from './instances/revive.ts';
import { instanceService } from './instances/service.ts';
import { instanceTypeHandlers } from './instances/types.ts';
import { keyPairHandlers } from './key-pairs.ts';
import { changeTemplateHandlers } from './launch-templates/change.ts';
import { createTemplateHandlers } from './launch-templates/create.ts';
import { describeTemplateHandlers } from './launch-templates/describe.ts';
import { networkHandlers } from './network.ts';
import { networkPartHandlers } from './network-parts.ts';
import { placeHandlers } from './places.ts';
import { ensureDefaultGroup, securityGroupHandlers } from './security-groups.ts';
import { tagHandlers } from './tags.ts';
import { changeVolumeHandlers } from './volumes/change.ts';
import { describeVolumeHandlers } from './volumes/describe.ts';
import { vpcHandlers } from './vpcs.ts';

export { ensureBaseImage } from './images/base.ts';

/** EC2 of the local cloud. */
export interface Ec2Service extends Service {
  /** For the other services of the cloud. */
  readonly instances: InstanceService;
  /** Takes up what the state holds from before: fails interrupted images, and drops what has been terminated long enough. */
  start(): void;
  /** Boots again what was pending or running when the cloud stopped; resolves when all are up or have failed. After `start`. */
  reviveInstances(): Promise<void>;
  /** Ends every timer and transition; the state keeps what was, the machines are the driver's to end. */
  stop(): void;
}

/** Builds EC2 on a context; nothing moves before `start`. */
export function createEc2Service(context: CloudContext): Ec2Service {
  const lifecycle = new InstanceLifecycle(context);
  const bakes = new Bakes(context, lifecycle);
  const table: HandlerTable = {
    ...lifecycleHandlers(context, lifecycle),
    ...describeHandlers(context, lifecycle),
    ...attributeHandlers(context, lifecycle),
    ...modifyAttributeHandlers(context),
    ...monitoringHandlers(context),
    ...instanceTypeHandlers(context),
    ...instanceFacetHandlers(context),
    ...describeVolumeHandlers(context),
    ...changeVolumeHandlers(context),
    ...profileHandlers(context),
    ...createImageHandlers(context, bakes),
    ...describeImageHandlers(context),
    ...deregisterHandlers(context, bakes),
    ...imageAttributeHandlers(context),
    ...copyImageHandlers(context, bakes),
    ...protectionHandlers(context),
    ...imageReferenceHandlers(context),
    ...snapshotHandlers(context),
    ...snapshotAttributeHandlers(context),
    ...createTemplateHandlers(context),
    ...describeTemplateHandlers(context),
    ...changeTemplateHandlers(context),
    ...keyPairHandlers(context),
    ...securityGroupHandlers(context),
    ...networkHandlers(context),
    ...networkPartHandlers(context),
    ...placeHandlers(context),
    ...vpcHandlers(context),
    ...tagHandlers(context),
  };
  return {
    handlers: withDryRun(table, { RunInstances: (input) => void planLaunch(context, input) }),
    instances: instanceService(context, lifecycle),
    start() {
      ensureDefaultGroup(context);
      bakes.failInterrupted();
      bakes.sweep();
      for (const record of Object.values(context.state.instances)) {
        if (record.state === 'terminated') lifecycle.forgetLater(record);
      }
    },
    reviveInstances: () => reviveInstances(context, lifecycle),
    stop() {
      bakes.close();
      lifecycle.close();
    },
  };
}
