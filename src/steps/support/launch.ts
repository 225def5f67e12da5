import { awsCode } from '../../aws/errors.ts';
import { launchMachine } from '../../aws/launches.ts';
import { messageOf, PipelineError } from '../../shared/errors.ts';
import type { ReleaseContext } from '../services.ts';

/** What a launch is journaled with where its subnet could not take it: there is no machine to look for. */
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
 * Launches a machine that is there for this run only, like those of the group that serves. Where a zone has no room the next subnet of
 * the group is tried; each is a change of its own, as a token belongs to one request.
 * @param action Its name in the journal; {@link isRefused} tells its launches that made nothing.
 * @throws PipelineError `launch.no-room` with what each subnet was refused with; as EC2 does
 */
export async function launchHelper(
  context: ReleaseContext,
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
    const launched = await context.change<string | Refused>({ action, target }, async (token) => {
      const template = { id: templateId, version: templateVersion };
      try {
        return await launchMachine(aws.ec2, { template, imageId, network: place, tags, token });
      } catch (error) {
        if (!ofPlace.includes(awsCode(error) ?? '')) throw error;
        return { refused: `${awsCode(error)}: ${messageOf(error)}` };
      }
    });
    if (typeof launched === 'string') return launched;
    refusals.push(`${place.subnetId ?? 'the default network'}: ${launched.refused}`);
    context.note(`no machine could be launched in ${refusals.at(-1)}`);
  }
  throw new PipelineError(
    'launch.no-room',
    `no subnet of ${context.state.group} has room for one more ${fleet.instance.type}`,
    {
      hint: 'try again later, give the group a subnet in another zone, or use another instance.type',
      details: refusals,
    },
  );
}

/** True for the result of a launch of {@link launchHelper} that EC2 has refused: no machine came of it. */
export function isRefused(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'refused' in result;
}
