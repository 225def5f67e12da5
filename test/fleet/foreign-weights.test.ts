import { DescribeRulesCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, describe, expect, it } from 'vitest';
import type { Weight } from '../../src/aws/listeners.ts';
import type { JournaledChange, RunContext } from '../../src/engine/step.ts';
import { assertOwnWeights, assertServing, trafficCommands } from '../../src/fleet/foreign-weights.ts';
import type { Services } from '../../src/fleet/services.ts';

const mock = mockClient(ElasticLoadBalancingV2Client);
afterAll(() => mock.restore());
const blue = { group: 'blue', targetGroupArn: 'arn:targetgroup/blue/1' };
const green = { group: 'green', targetGroupArn: 'arn:targetgroup/green/1' };
const services = {
  fleet: { cloud: 'aws', region: 'eu-west-1', app: 'api', balancer: { validationHeader: 'x-check' } },
  aws: { elb: new ElasticLoadBalancingV2Client({ region: 'eu-west-1' }) },
} as unknown as Services;

const shares = (toGreen: number): Weight[] => [
  { targetGroupArn: green.targetGroupArn, weight: toGreen },
  { targetGroupArn: blue.targetGroupArn, weight: 100 - toGreen },
];
const given = (toGreen: number, ended: Partial<JournaledChange> = { result: null }) =>
  ({ action: 'set-weights', target: 'listener/1', data: { to: shares(toGreen) }, ...ended }) as JournaledChange;
const found = [{ arn: 'listener/1', weights: shares(0) }];

/** A run that has made the changes, and a listener that gives the green group that percent. */
function after(changes: JournaledChange[], toGreen: number): RunContext<Services, object> {
  mock.reset();
  const TargetGroups = shares(toGreen).map((one) => ({ TargetGroupArn: one.targetGroupArn, Weight: one.weight }));
  const Actions = [{ Type: 'forward' as const, ForwardConfig: { TargetGroups } }];
  mock.on(DescribeRulesCommand).resolves({ Rules: [{ IsDefault: true, Actions }] });
  return { services, changesOfRun: () => changes } as unknown as RunContext<Services, object>;
}
const check = (changes: JournaledChange[], toGreen: number) =>
  assertOwnWeights(after(changes, toGreen), 'listener/1', [green, blue], found);

describe('weights are those of the run', () => {
  it('when they are what it has found, or has given last', async () => {
    await check([], 0);
    await check([given(0), given(50)], 50);
  });

  it('when they are what a change gave that was not answered, or what was there before it', async () => {
    await check([given(50), given(100, {})], 100);
    await check([given(50), given(100, { error: 'cut off' })], 50);
    await check([given(50, {})], 0);
  });

  it('not when somebody has given others, also ones that the run has moved on from', async () => {
    const refused = { code: 'listener.weights-changed', message: expect.stringContaining('green 0, blue 100') };
    await expect(check([given(50)], 0)).rejects.toMatchObject(refused);
    await expect(check([], 37)).rejects.toMatchObject({
      message: expect.stringContaining('green 37, blue 63'),
      details: [expect.stringContaining('AttributeValue=ModifyListener')],
      fix: expect.stringContaining('pipeline release api'),
    });
  });
});

it('the command that gives a group all of the traffic is for the routes that do not', async () => {
  const commands = await trafficCommands(after([], 30), 'listener/1', blue, green);
  expect(commands).toEqual([
    `aws --region eu-west-1 elbv2 modify-listener --listener-arn listener/1 --default-actions '[{"Type":"forward","TargetGroupArn":"arn:targetgroup/blue/1"}]'`,
  ]);
  expect(await trafficCommands(after([], 0), 'listener/1', blue, green)).toEqual([]);
});

const serves = (context: RunContext<Services, object>) => assertServing(context, 'listener/1', green, blue);
const withPercent = (toGreen: number) => serves(after([], toGreen));
const withoutRoutes = () => {
  const context = after([], 100);
  mock.on(DescribeRulesCommand).resolves({ Rules: [] });
  return serves(context);
};

describe('a group is known to serve', () => {
  it('when it has all of the traffic', async () => {
    await expect(withPercent(100)).resolves.toBeUndefined();
  });

  it.each([0, 99])('not when somebody has left it %i %% of the traffic', async (percent) => {
    await expect(withPercent(percent)).rejects.toMatchObject({
      code: 'listener.weights-changed',
      message: expect.stringContaining(`green has ${percent} % of the traffic`),
      fix: expect.stringContaining('pipeline status api'),
    });
  });

  it('not when no route leads to it', async () => {
    await expect(withoutRoutes()).rejects.toThrow('green has 0 % of the traffic');
  });
});
