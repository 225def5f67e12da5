import type { LaunchTemplateSpecification, MixedInstancesPolicy } from '@aws-sdk/client-auto-scaling';
import type { MixedInstancesRecord } from '../model.ts';
import { validationError } from './errors.ts';
import { readTemplate } from './group-settings.ts';
import type { Runtime } from './runtime.ts';

/** Quota of Auto Scaling: overrides in a policy. */
const MAX_OVERRIDES = 40;
const MAX_WEIGHT = 999;

/** Every well-formed type is offered, as by EC2 here. */
const typePattern = /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/;

/**
 * A mixed-instances policy: stored as it is, with templates by id. What is launched is its first choice with room: the overrides
 * in their order, each from its own template if it has one. As prices are not known, that is so for every strategy. Weights are stored and shown, but each instance counts as one.
 */
export function readMixedInstances(
  runtime: Runtime,
  policy: MixedInstancesPolicy,
): { launchTemplate: { id: string; version: string }; mixedInstances: MixedInstancesRecord } {
  const given = policy.LaunchTemplate?.LaunchTemplateSpecification;
  if (!given)
    throw validationError('A MixedInstancesPolicy must contain a LaunchTemplate with a LaunchTemplateSpecification.');
  const overrides = policy.LaunchTemplate?.Overrides ?? [];
  if (overrides.length > MAX_OVERRIDES) {
    throw validationError(`${overrides.length} overrides exceed the limit of ${MAX_OVERRIDES}.`);
  }
  for (const { InstanceType, InstanceRequirements, WeightedCapacity } of overrides) {
    if (InstanceRequirements) {
      throw validationError(
        'InstanceRequirements are not supported by this cloud; name the InstanceType of each override.',
      );
    }
    if (!InstanceType) throw validationError('Each override must name an InstanceType.');
    if (!typePattern.test(InstanceType)) throw validationError(`Invalid InstanceType: ${InstanceType}`);
    if (WeightedCapacity !== undefined && !(Number(WeightedCapacity) >= 1 && Number(WeightedCapacity) <= MAX_WEIGHT)) {
      throw validationError(`WeightedCapacity must be between 1 and ${MAX_WEIGHT}, but is ${WeightedCapacity}.`);
    }
  }
  checkDistribution(policy.InstancesDistribution);
  const named = (spec: LaunchTemplateSpecification) => {
    const { id, version } = readTemplate(runtime, spec);
    const LaunchTemplateName = runtime.context.state.launchTemplates[id]?.name;
    return { LaunchTemplateId: id, LaunchTemplateName, Version: version };
  };
  const [first, ...rest] = overrides;
  const others = rest.map(({ InstanceType = '', LaunchTemplateSpecification: own }) => ({
    ...readTemplate(runtime, own ?? given),
    instanceType: InstanceType,
  }));
  return {
    launchTemplate: readTemplate(runtime, first?.LaunchTemplateSpecification ?? given),
    mixedInstances: {
      instanceType: first?.InstanceType,
      ...(others.length > 0 && { others }),
      policy: {
        LaunchTemplate: {
          LaunchTemplateSpecification: named(given),
          Overrides: overrides.map((o) => ({
            ...o,
            ...(o.LaunchTemplateSpecification && { LaunchTemplateSpecification: named(o.LaunchTemplateSpecification) }),
          })),
        },
        InstancesDistribution: { ...distributionDefaults, ...policy.InstancesDistribution },
      },
    },
  };
}

/** As in InstancesDistribution of the SDK's typings. */
const distributionDefaults = {
  OnDemandAllocationStrategy: 'prioritized',
  OnDemandBaseCapacity: 0,
  OnDemandPercentageAboveBaseCapacity: 100,
  SpotAllocationStrategy: 'lowest-price',
  SpotInstancePools: 2,
};

function checkDistribution(given: MixedInstancesPolicy['InstancesDistribution']): void {
  const percentage = given?.OnDemandPercentageAboveBaseCapacity ?? 100;
  if (percentage < 0 || percentage > 100) {
    throw validationError(`OnDemandPercentageAboveBaseCapacity must be between 0 and 100, but is ${percentage}.`);
  }
  if ((given?.OnDemandBaseCapacity ?? 0) < 0) throw validationError('OnDemandBaseCapacity must not be negative.');
}
