import type { RequestLaunchTemplateData, RunInstancesRequest } from '@aws-sdk/client-ec2';
import type { CloudContext, InstanceService } from '../../context.ts';
import { findTemplate, findVersion } from '../launch-templates/lookup.ts';
import { launch } from './launch.ts';
import { interfacesIn } from './launch-network.ts';
import { planLaunch } from './launch-request.ts';
import type { InstanceLifecycle } from './lifecycle.ts';

/** EC2 as the other services of the cloud use it: no wire, and their own reserved tags allowed. */
export function instanceService(context: CloudContext, lifecycle: InstanceLifecycle): InstanceService {
  const { state } = context;
  return {
    launch(request) {
      const template = findTemplate(state, { LaunchTemplateId: request.launchTemplate.id });
      const data = findVersion(template, String(request.launchTemplate.version)).data as RequestLaunchTemplateData;
      const interfaces = interfacesIn(request.subnetId, data);
      // The caller's zone wins over the template's, as an Auto Scaling group's subnets do.
      const plan = planLaunch(context, {
        MinCount: request.count,
        MaxCount: request.count,
        LaunchTemplate: { LaunchTemplateId: template.id, Version: String(request.launchTemplate.version) },
        ...(interfaces ? { NetworkInterfaces: interfaces } : { SubnetId: request.subnetId }),
        InstanceType: request.instanceType as RunInstancesRequest['InstanceType'],
        Placement: { ...data.Placement, AvailabilityZone: request.availabilityZone } as { AvailabilityZone: string },
      });
      Object.assign(plan.tags, request.tags);
      return launch(context, lifecycle, plan).map(({ id }) => id);
    },
    terminate(instanceId) {
      const record = state.instances[instanceId];
      if (!record) return Promise.resolve(); // long gone: terminated and forgotten
      return lifecycle.terminate(record);
    },
    stop(instanceId) {
      const record = state.instances[instanceId];
      if (record?.state === 'running') lifecycle.stop(record);
    },
    start(instanceId) {
      const record = state.instances[instanceId];
      if (record?.state !== 'stopped') return;
      context.faults?.checkCapacity(record);
      lifecycle.start(record);
    },
    resolveTemplate(name, version) {
      const template = findTemplate(state, { LaunchTemplateId: name.id, LaunchTemplateName: name.name });
      const found = findVersion(template, version || undefined);
      return { id: template.id, name: template.name, version: found.number };
    },
    onStateChange: (listener) => lifecycle.states.onChange(listener),
  };
}
