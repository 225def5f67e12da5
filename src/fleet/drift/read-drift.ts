import { readImages } from '../../aws/images.ts';
import { type Ec2Instance, groupInstances } from '../../aws/instances.ts';
import { readTemplateVersion } from '../../aws/launch-templates.ts';
import { awsCommand } from '../../config/aws-command.ts';
import { type Observation, observeFleet } from '../observe.ts';
import type { Services } from '../services.ts';
import { askHosts } from './ask-hosts.ts';
import { type Drift, type DriftFacts, findDrifts } from './drift.ts';
import { expectedVersions } from './expected-versions.ts';

/** How many runs are looked through for the last one that decided which version serves. */
const runsBack = 50;

/** How what runs differs from what the ledger says, and what was compared. */
export interface SeenDrift {
  drifts: Drift[];
  facts: DriftFacts;
  /** Every live instance of the group. */
  instances: Ec2Instance[];
}

type Ports = Pick<Services, 'fleet' | 'aws' | 'ledger' | 'hosts' | 'changesVersion'>;

/**
 * Compares the fleet with the ledger: a handful of calls, whatever the fleet's size.
 * @param options.busy A run is active on the fleet, or was interrupted: its state is not what the ledger says, and need not be.
 * @param options.rollback For a rollback, which moves the default version of the template anyway: that is not read.
 * @param options.ask Some hosts report over SSH which version they serve.
 */
export async function readDrift(
  services: Ports,
  {
    seen,
    busy = false,
    ask = false,
    rollback = false,
  }: { seen?: Observation; busy?: boolean; ask?: boolean; rollback?: boolean } = {},
): Promise<SeenDrift> {
  const { fleet, aws, ledger } = services;
  const { facts, live } = seen ?? (await observeFleet(services));
  const { templateId, templateVersion, imageId, templateRelease } = facts.current;
  const [releases, runs, instances, standard] = await Promise.all([
    ledger.releases(fleet.app),
    ledger.runs(fleet.app, runsBack),
    groupInstances(aws.ec2, facts.group),
    rollback ? { number: templateVersion } : readTemplateVersion(aws.ec2, templateId, '$Default'),
  ]);
  const inService = new Set(live.instances.filter((one) => one.lifecycle === 'InService').map((one) => one.id));
  const serving = instances.filter((instance) => inService.has(instance.id));
  const ids = new Set([imageId, ...instances.map((one) => one.imageId)].filter((id) => id !== undefined && id !== ''));
  const [images, answers] = await Promise.all([
    readImages(aws.ec2, [...ids] as string[]),
    ask && !busy
      ? askHosts(
          services,
          serving.map(({ id, address }) => ({ instanceId: id, address })),
        )
      : undefined,
  ]);
  const compared: DriftFacts = {
    app: fleet.app,
    aws: awsCommand(fleet, '').trimEnd(),
    group: facts.group,
    template: {
      id: templateId,
      version: templateVersion,
      standard: standard.number,
      ...(imageId !== undefined && { imageId }),
      ...(templateRelease !== undefined && { release: templateRelease }),
    },
    images,
    releases,
    expected: expectedVersions(runs, services.changesVersion),
    instances: serving.map(({ id, imageId: image, version, switched }) => ({
      id,
      imageId: image,
      ...(version !== undefined && { version }),
      switched: switched !== undefined,
      ...(answers?.has(id) && { serves: answers.get(id) as string }),
    })),
    busy,
  };
  return { drifts: findDrifts(compared), facts: compared, instances };
}
