import type {
  DescribeImageReferencesRequest,
  DescribeImageReferencesResult,
  ImageReference,
  ResourceTypeOption,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { CloudState } from '../../model.ts';
import { account } from '../../settings.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { invalidCombination, invalidValue, required } from '../errors.ts';
import { stateCodes } from '../instances/states.ts';
import { paginate } from '../pagination.ts';
import { findImage } from './lookup.ts';

/** EC2's limits: images in one call, and launch template versions looked at, newest first. */
const limits = { images: 10, defaultDepth: 10, maxDepth: 10_000 };

/** Where references may be. The local cloud has no Systems Manager and no Image Builder, so there are none of those. */
const kinds = [
  'ec2:Instance',
  'ec2:LaunchTemplate',
  'ssm:Parameter',
  'imagebuilder:ImageRecipe',
  'imagebuilder:ContainerRecipe',
];

type Search = (state: CloudState, imageId: string) => string[];

/** DescribeImageReferences: who uses an image. It may say nothing of a template whose older versions alone name the image. */
export function imageReferenceHandlers(context: CloudContext): HandlerTable {
  const { state, region } = context;
  return {
    DescribeImageReferences: (input: DescribeImageReferencesRequest): DescribeImageReferencesResult => {
      const ids = [...new Set(required(input.ImageIds, 'ImageId'))];
      if (ids.length > limits.images) throw invalidValue(`At most ${limits.images} images can be checked at once`);
      const images = ids.map((id) => findImage(state, id));
      const searches = readSearches(input);
      const references = images.flatMap((image) =>
        [...searches].flatMap(([kind, search]) =>
          search(state, image.id).map(
            (resource): ImageReference => ({
              ImageId: image.id,
              ResourceType: kind as ImageReference['ResourceType'],
              Arn: `arn:aws:ec2:${region.name}:${account.id}:${resource}`,
            }),
          ),
        ),
      );
      const page = paginate(references, input, { min: 1, max: 1000 }, (one) => `${one.ImageId} ${one.Arn}`);
      return { ImageReferences: page.items, NextToken: page.nextToken };
    },
  };
}

function readSearches(input: DescribeImageReferencesRequest): Map<string, Search> {
  const asked = input.ResourceTypes ?? [];
  if (!input.IncludeAllResourceTypes && asked.length === 0) {
    throw invalidCombination('Either IncludeAllResourceTypes or ResourceTypes must be specified.');
  }
  const options = new Map<string, ResourceTypeOption[]>();
  if (input.IncludeAllResourceTypes) for (const kind of kinds) options.set(kind, []);
  for (const { ResourceType: kind = '', ResourceTypeOptions: given = [] } of asked) {
    if (!kinds.includes(kind)) throw invalidValue(`Invalid resource type '${kind}'`);
    options.set(kind, given);
  }
  return new Map([...options].map(([kind, given]) => [kind, searchOf(kind, given)]));
}

function searchOf(kind: string, options: ResourceTypeOption[]): Search {
  const allowed: Record<string, string> = { 'ec2:Instance': 'state-name', 'ec2:LaunchTemplate': 'version-depth' };
  const wrong = options.find(({ OptionName }) => OptionName !== allowed[kind]);
  if (wrong) throw invalidValue(`The option '${wrong.OptionName ?? ''}' is not valid for the resource type ${kind}`);
  const values = options.flatMap(({ OptionValues }) => OptionValues ?? []);
  if (kind === 'ec2:Instance') {
    const unknown = values.find((name) => !Object.hasOwn(stateCodes, name));
    if (unknown !== undefined) throw invalidValue(`Invalid instance state '${unknown}'`);
    return ({ instances }, imageId) =>
      Object.values(instances)
        .filter((one) => one.imageId === imageId && (values.length === 0 || values.includes(one.state)))
        .map(({ id }) => `instance/${id}`);
  }
  if (kind !== 'ec2:LaunchTemplate') return () => [];
  const depth = readDepth(values);
  return ({ launchTemplates }, imageId) =>
    Object.values(launchTemplates)
      .filter(({ versions }) => {
        const newest = [...versions].sort((a, b) => b.number - a.number).slice(0, depth);
        return newest.some(({ data }) => data.ImageId === imageId);
      })
      .map(({ id }) => `launch-template/${id}`);
}

function readDepth(values: string[]): number {
  const [text, ...more] = values;
  if (text === undefined) return limits.defaultDepth;
  const depth = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (more.length > 0 || depth < 1 || depth > limits.maxDepth) {
    throw invalidValue(`Invalid version-depth '${values.join(', ')}': one number from 1 to ${limits.maxDepth}`);
  }
  return depth;
}
