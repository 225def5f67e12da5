import { PipelineError } from '@golden-pipeline/shared/errors';
import { readImages } from '../aws/images.ts';
import { type Ec2Instance, groupInstances } from '../aws/instances.ts';
import { askHost } from '../fleet/drift/ask-hosts.ts';
import type { Observation } from '../fleet/observe.ts';
import type { Services } from '../fleet/services.ts';
import type { Host } from '../hosts/types.ts';

/**
 * A host of the version that serves, by the template it was launched from, by its own tag and by what it answers: an image must not
 * inherit from an instance that has fallen behind, nor from one that a failed run or a person has left on something else. One whose image
 * is gone counts by its tag: that image may have been baked again.
 * @throws PipelineError `preflight.no-bake-instance`
 */
export async function chooseBakeInstance(
  services: Services,
  { healthy, live: group, facts: { current } }: Observation,
): Promise<Host> {
  const { ec2 } = services.aws;
  const templates = new Map(group.instances.map((instance) => [instance.id, instance.templateVersion]));
  const all = (await groupInstances(ec2, group.name)).filter((instance) => healthy.includes(instance.id));
  const images = await readImages(ec2, [...new Set(all.map((instance) => instance.imageId))]);
  const isGone = (id: string) => !images.some((image) => image.imageId === id);
  const instances = all.filter(
    ({ id, imageId }) => templates.get(id) === current.templateVersion || (current.version && isGone(imageId)),
  );
  const serves = (instance: Ec2Instance) => (instance.version || undefined) === current.version;
  const astray: string[] = [];
  for (const instance of healthy.length >= 2 ? instances.filter(serves) : []) {
    const host = { instanceId: instance.id, address: instance.address };
    const answer = current.version && (await askHost(services, host))?.version;
    if (!answer || answer === current.version) return host;
    astray.push(`${instance.id} serves ${answer}, but the fleet is on ${current.version}`);
  }
  throw new PipelineError('preflight.no-bake-instance', `${group.name} has no healthy host to spare for the bake`, {
    fix: 'use a builder instance: --bake builder',
    details: instances
      .filter((one) => !serves(one))
      .map((one) => `${one.id} carries ${one.version || 'no version'}, but the fleet is on ${current.version}`)
      .concat(astray),
  });
}
