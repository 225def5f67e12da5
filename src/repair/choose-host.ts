import { PipelineError } from '@golden-pipeline/shared/errors';
import { readGroup } from '../aws/groups.ts';
import { groupInstances } from '../aws/instances.ts';
import { askHost, hostsAsked, parseRelease, readOnHost } from '../fleet/drift/ask-hosts.ts';
import { releaseRoot } from '../fleet/release-root.ts';
import type { Services } from '../fleet/services.ts';
import type { Host } from '../hosts/types.ts';

/** What the image is to hold. */
interface Wanted {
  group: string;
  version: string;
  commit: string;
  /** Ids of the instances that are in service and healthy. */
  healthy: readonly string[];
}

/**
 * A healthy host that says itself that it serves the version, built from the commit that the ledger has: nothing else becomes its image.
 * @throws PipelineError `repair.last-host` where no host can be spared, `repair.no-host` with what each host that was queried says
 */
export async function chooseRepairHost(services: Services, wanted: Wanted): Promise<Host> {
  const { group, version, healthy } = wanted;
  const { aws, fleet } = services;
  const { desired } = await readGroup(aws.autoScaling, group);
  if (healthy.length < 2) {
    throw new PipelineError(
      'repair.last-host',
      `only ${healthy.length} of ${desired} hosts of ${group} ${healthy.length === 1 ? 'is' : 'are'} healthy: none can be spared for the bake`,
      { fix: alternative(fleet, wanted) },
    );
  }
  const instances = (await groupInstances(aws.ec2, group)).filter((one) => healthy.includes(one.id));
  const candidates = instances.filter((one) => one.version === version);
  const details = instances
    .filter((one) => one.version !== version)
    .map((one) => `${one.id} is tagged ${one.version || 'with no version'}`);
  for (const { id, address } of candidates.slice(0, hostsAsked)) {
    const host = { instanceId: id, address };
    const problem = await differs(services, host, wanted);
    if (problem === undefined) return host;
    details.push(`${id} ${problem}`);
  }
  throw new PipelineError(
    'repair.no-host',
    `no healthy host of ${group} shows that it serves ${version} from commit ${wanted.commit.slice(0, 12)}`,
    { fix: alternative(fleet, wanted), details },
  );
}

/** Why a host cannot be the source of the image; undefined when it can. */
async function differs(services: Services, host: Host, { version, commit }: Wanted): Promise<string | undefined> {
  const serves = await askHost(services, host);
  if (serves === undefined) return 'does not say what it serves';
  if (serves.version !== version) return `serves ${serves.version}`;
  const file = `${releaseRoot(services.fleet)}/releases/${version}/release.json`;
  const built = serves.commit ?? parseRelease(await readOnHost(services, host, ['cat', file]))?.commit;
  return built === commit ? undefined : `has ${version} from ${built === undefined ? 'no commit' : `commit ${built}`}`;
}

/** The command that needs no host: the same commit as a new version, built on an instance from the base image. */
export function alternative({ app }: Pick<Services['fleet'], 'app'>, { commit }: { commit?: string }): string {
  const ref = commit === undefined ? '' : ` --ref ${commit.slice(0, 12)}`;
  return `release without it: pipeline release ${app}${ref} --bake builder --no-rollback-target`;
}
