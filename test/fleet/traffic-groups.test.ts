import {
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
  ModifyListenerCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContextWith, Services } from '../../src/fleet/services.ts';
import { chooseLive, readStickiness, shareTraffic, validationRoute } from '../../src/fleet/traffic-groups.ts';

const mock = mockClient(ElasticLoadBalancingV2Client);
afterAll(() => mock.restore());
const services = {
  fleet: { balancer: { validationHeader: 'x-check' } },
  aws: { elb: new ElasticLoadBalancingV2Client({ region: 'eu-west-1' }) },
} as Services;
const blue = { group: 'blue', targetGroupArn: 'tg/blue' };
const green = { group: 'green', targetGroupArn: 'tg/green' };
let notes: string[];
let context: ContextWith<{ listenerArn: string }>;
beforeEach(() => {
  notes = [];
  const change: ContextWith<{ listenerArn: string }>['change'] = (_intent, apply) => apply('token');
  context = { services, note: (message: string) => notes.push(message), change } as unknown as ContextWith<{
    listenerArn: string;
  }>;
});

function route(shares: { blue: number; green: number }, sticky: boolean): void {
  mock.reset();
  const ForwardConfig = {
    TargetGroups: [
      { TargetGroupArn: 'tg/blue', Weight: shares.blue },
      { TargetGroupArn: 'tg/green', Weight: shares.green },
    ],
    ...(sticky && { TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 3600 } }),
  };
  mock
    .on(DescribeRulesCommand)
    .resolves({ Rules: [{ IsDefault: true, Actions: [{ Type: 'forward', ForwardConfig }] }] });
}
const stickiness = () =>
  mock
    .commandCalls(ModifyListenerCommand)
    .map((call) => call.args[0].input.DefaultActions?.[0]?.ForwardConfig?.TargetGroupStickinessConfig);

describe('stickiness to target groups', () => {
  it('ends with a change that moves all clients, which is reported', async () => {
    route({ blue: 0, green: 100 }, true);
    await shareTraffic(context, 'listener/1', blue, green, 100, { unstick: true });
    expect(stickiness()).toEqual([{ Enabled: false }]);
    expect(notes).toEqual([expect.stringContaining('would have kept clients on green for up to 3600 s')]);
    // Also where the weights are right already.
    route({ blue: 100, green: 0 }, true);
    await shareTraffic(context, 'listener/1', blue, green, 100, { unstick: true });
    expect(stickiness()).toEqual([{ Enabled: false }]);
  });

  it('stays with any other change, and nothing is reported where there is none', async () => {
    route({ blue: 0, green: 100 }, true);
    await shareTraffic(context, 'listener/1', blue, green, 25);
    expect(stickiness()).toEqual([{ Enabled: true, DurationSeconds: 3600 }]);
    expect(await readStickiness(services, 'listener/1', [blue, green])).toBe(3600);
    route({ blue: 0, green: 100 }, false);
    await shareTraffic(context, 'listener/1', blue, green, 100, { unstick: true });
    expect(stickiness()).toEqual([undefined]);
    expect(await readStickiness(services, 'listener/1', [blue, green])).toBeUndefined();
    expect(notes).toEqual([]);
  });
});

describe('the fleet group that serves', () => {
  const weights = (blue: number, green: number) => [
    { targetGroupArn: 'tg/blue', weight: blue },
    { targetGroupArn: 'tg/green', weight: green },
  ];

  it.each([
    [[100, 0], 'blue', 1],
    [[0, 100], 'green', 1],
    [[25, 75], 'green', 0.75],
    [[50, 50], 'blue', 0.5],
  ] as const)('with weights of %j is %s', ([one, other], live, share) => {
    expect(chooseLive([blue, green], weights(one, other))).toMatchObject({ live: { group: live }, share });
  });

  it.each([
    ['both have none', weights(0, 0)],
    ['others have all', [{ targetGroupArn: 'tg/other', weight: 1 }]],
    ['nothing is forwarded', []],
  ])('is not guessed when %s', (_what, none) => {
    expect(() => chooseLive([blue, green], none)).toThrow(
      expect.objectContaining({
        code: 'listener.no-group',
        message: 'the listener sends traffic to neither blue nor green',
      }),
    );
  });
});

describe('the validation route', () => {
  const rule = (HttpHeaderName: string, ...Values: string[]) => ({
    RuleArn: `rule/${HttpHeaderName}/${Values}`,
    Actions: [{ Type: 'forward' as const, TargetGroupArn: 'tg/validation' }],
    Conditions: [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName, Values } }],
  });

  it('is the rule on the header with the value on, in any case of letters', async () => {
    mock.reset();
    mock.on(DescribeRulesCommand).resolves({ Rules: [rule('x-check', 'off'), rule('X-Check', 'maybe', 'on')] });
    expect(await validationRoute(context, 'listener/1')).toMatchObject({ arn: 'rule/X-Check/maybe,on' });
  });

  it('is required when there is none', async () => {
    mock.reset();
    mock.on(DescribeRulesCommand).resolves({ Rules: [rule('x-check', 'off'), rule('x-canary', 'on')] });
    await expect(validationRoute(context, 'listener/1')).rejects.toMatchObject({
      code: 'listener.no-validation-route',
      message: 'no rule of the listener listener/1 forwards requests with the header x-check: on',
    });
  });
});
