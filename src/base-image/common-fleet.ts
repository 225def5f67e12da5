import { usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';

/**
 * The fleet that a base image is built for: any will do when all of them agree on what a build needs.
 * @throws usage errors `base.no-app`, and `base.which` when they do not agree
 */
export function commonFleet(fleets: readonly Fleet[]): Fleet {
  const [first] = fleets;
  if (!first) throw usageError('base.no-app', 'pipelines/ has no app yet', 'pipeline init');
  const needs = ({ cloud, region, instance, ssh }: Fleet) =>
    JSON.stringify([cloud, region, instance.baseImage, instance.baseSource, instance.subnetIds, ssh]);
  if (fleets.every((fleet) => needs(fleet) === needs(first))) return first;
  throw usageError(
    'base.which',
    `the apps have different regions, networks or logins: ${fleets.map((fleet) => fleet.app).join(', ')}`,
    `name one of them: pipeline base build ${first.app}`,
  );
}
