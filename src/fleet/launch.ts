import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { awsCode } from '../aws/errors.ts';
import { findLaunched, readInstance, terminateInstance } from '../aws/instances.ts';
import { launchInstance } from '../aws/launches.ts';
import { tagKeys } from '../aws/tags.ts';
import { changeOnce } from '../engine/change-once.ts';
import type { ContextWith, FleetFacts } from './services.ts';
import { waitUntilConsistent } from './wait-until-consistent.ts';

/** What a launch is journaled with where its subnet could not take it: there is no instance to look for. */
interface Refused {
  refused: string;
}

/** Refusals of one zone or subnet that say nothing of the next one (EC2, error codes). `Unsupported`: a type that the zone does not have. */
const ofPlace = [
  'InsufficientInstanceCapacity',
  'InsufficientHostCapacity',
  'InsufficientFreeAddressesInSubnet',
  'Unsupported',
];

/**
 * Launches an instance that is there for this run only, like those of the group that serves. Where a zone has no room the next subnet of
 * the group is tried; each is a change of its own, as a token belongs to one request.
 * @param action Its name in the journal, by which {@link terminateLaunched} finds it.
 * @throws PipelineError `launch.no-room` with what each subnet was refused with; as EC2 does
 */
export async function launchHelper(
  context: ContextWith<Pick<FleetFacts, 'group' | 'current'>>,
  action: string,
  { imageId, tags }: { imageId: string; tags: Record<string, string> },
): Promise<string> {
  const { aws, fleet } = context.services;
  const { templateId, templateVersion, network = {} } = context.state.current;
  const { others = [], ...first } = network;
  const places = [first, ...others.map((subnetId) => ({ ...first, subnetId }))];
  const refusals: string[] = [];
  for (const place of places) {
    const target = refusals.length === 0 ? imageId : `${imageId} in ${place.subnetId}`;
    const launched = await changeOnce<string | Refused>(context, { action, target }, async (token) => {
      const template = { id: templateId, version: templateVersion };
      try {
        return await launchInstance(aws.ec2, { template, imageId, network: place, tags, token });
      } catch (error) {
        if (!ofPlace.includes(awsCode(error) ?? '')) throw error;
        return { refused: `${awsCode(error)}: ${messageOf(error)}` };
      }
    });
    if (typeof launched === 'string') return launched;
    refusals.push(`${place.subnetId ?? 'the default network'}: ${launched.refused}`);
    context.note(`no instance could be launched in ${refusals.at(-1)}`);
  }
  throw new PipelineError(
    'launch.no-room',
    `no subnet of ${context.state.group} has room for one more ${fleet.instance.type}`,
    {
      fix: 'try again later, give the group a subnet in another zone, or use another instance.type',
      details: refusals,
    },
  );
}

/** Tags of an instance that is there for this run only. */
export function runTags(context: ContextWith<{ version: string }>, role: string): Record<string, string> {
  const { fleet } = context.services;
  return {
    Name: `${fleet.names.group}-${role}`,
    [tagKeys.app]: fleet.app,
    [tagKeys.environment]: fleet.environment,
    [tagKeys.run]: context.run.id,
    [tagKeys.role]: role,
    [tagKeys.version]: context.state.version,
  };
}

/**
 * Terminates the instance that this step launched, also when only the intent of the launch is known: found by the launch's token, as
 * the journal does not tell a refused launch from one whose answer was lost. It launches nothing.
 */
export async function terminateLaunched(context: ContextWith<object>, action: string): Promise<void> {
  const { ec2 } = context.services.aws;
  const launches = context.changes().filter((change) => change.action === action && !change.undoing);
  for (const launch of launches.filter((change) => !isRefused(change.result))) {
    const known = typeof launch.result === 'string' ? launch.result : undefined;
    // EC2 answers "not found" to the end of an instance that it does not show yet, too.
    const instance = await waitUntilConsistent(context, known ?? 'the launched instance', () =>
      known === undefined ? findLaunched(ec2, launch.token) : readInstance(ec2, known),
    );
    const id = instance?.id ?? known;
    if (id === undefined || instance?.state === 'terminated') continue;
    await context.change({ action: 'terminate-instance', target: id }, () => terminateInstance(ec2, id));
  }
}

/** True for the result of a launch that EC2 has refused: no instance came of it. */
function isRefused(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'refused' in result;
}
