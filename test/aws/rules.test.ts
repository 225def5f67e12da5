import {
  AddTagsCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingV2Client,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, expect, it } from 'vitest';
import { readRules, tagRule } from '../../src/aws/rules.ts';

const mock = mockClient(ElasticLoadBalancingV2Client);
afterAll(() => mock.restore());
const elb = new ElasticLoadBalancingV2Client({ region: 'eu-west-1' });
afterEach(() => mock.reset());

it('reads all pages of rules, and the tags of 20 rules per call', async () => {
  const rules = Array.from({ length: 150 }, (_, n) => ({ RuleArn: `rule/${n}`, Priority: `${150 - n}` }));
  mock
    .on(DescribeRulesCommand)
    .resolves({ Rules: rules.slice(0, 100), NextMarker: 'more' })
    .on(DescribeRulesCommand, { Marker: 'more' })
    .resolves({ Rules: [...rules.slice(100), { RuleArn: 'rule/default', IsDefault: true }] });
  mock.on(DescribeTagsCommand).callsFake(({ ResourceArns }: { ResourceArns: string[] }) => ({
    TagDescriptions: ResourceArns.map((ResourceArn) => ({ ResourceArn, Tags: [{ Key: 'of', Value: ResourceArn }] })),
  }));
  const read = await readRules(elb, 'listener/1');
  expect(read.map(({ priority }) => priority)).toEqual(rules.map((_, n) => n + 1));
  expect(read.every(({ arn, tags }) => tags.of === arn)).toBe(true);
  expect(mock.commandCalls(DescribeTagsCommand)).toHaveLength(8);
});

it('writes tags of a rule, and removes those without a value', async () => {
  mock.on(AddTagsCommand).resolves({}).on(RemoveTagsCommand).resolves({});
  await tagRule(elb, 'rule/1', { run: 'r', until: undefined });
  expect(mock.commandCalls(AddTagsCommand)[0]?.args[0].input.Tags).toEqual([{ Key: 'run', Value: 'r' }]);
  expect(mock.commandCalls(RemoveTagsCommand)[0]?.args[0].input.TagKeys).toEqual(['until']);
  await tagRule(elb, 'rule/1', { run: 'r', until: 'u' });
  expect(mock.commandCalls(RemoveTagsCommand)).toHaveLength(1);
});
