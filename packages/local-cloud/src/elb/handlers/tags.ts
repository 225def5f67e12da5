import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Tags } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { invalid } from '../errors.ts';
import { findListener, findLoadBalancer, findRule, findTargetGroup } from '../find.ts';
import { tagList, withTags } from '../tags.ts';
import { required } from '../validate.ts';
import type { ElbParts } from './shared.ts';

/** Tags of all four kinds of resource, found by the shape of the ARN. */
export function tagHandlers({ context }: ElbParts): HandlerTable {
  const { state } = context;

  function tagged(arn: string): { tags: Tags } {
    const kind = /^arn:aws:elasticloadbalancing:[^:]*:[^:]*:([a-z-]+)\//.exec(arn)?.[1];
    if (kind === 'loadbalancer') return findLoadBalancer(state, arn);
    if (kind === 'targetgroup') return findTargetGroup(state, arn);
    if (kind === 'listener') return findListener(state, arn);
    if (kind === 'listener-rule') return findRule(state, arn);
    throw invalid(`'${arn}' is not a valid load balancing resource ARN`);
  }

  return {
    AddTags(input: elb.AddTagsInput): elb.AddTagsOutput {
      const resources = required(input.ResourceArns, 'resource ARN').map(tagged);
      const next = resources.map(({ tags }) => withTags(tags, required(input.Tags, 'tag')));
      resources.forEach((resource, n) => {
        resource.tags = next[n] ?? resource.tags;
      });
      context.changed();
      return {};
    },

    RemoveTags(input: elb.RemoveTagsInput): elb.RemoveTagsOutput {
      for (const resource of required(input.ResourceArns, 'resource ARN').map(tagged))
        for (const key of input.TagKeys ?? []) delete resource.tags[key];
      context.changed();
      return {};
    },

    DescribeTags(input: elb.DescribeTagsInput): elb.DescribeTagsOutput {
      const arns = required(input.ResourceArns, 'resource ARN');
      if (arns.length > 20) throw invalid('At most 20 resources can be described at once');
      return { TagDescriptions: arns.map((ResourceArn) => ({ ResourceArn, Tags: tagList(tagged(ResourceArn).tags) })) };
    },
  };
}
