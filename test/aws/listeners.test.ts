import {
  type Action,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
  ModifyListenerCommand,
  ModifyRuleCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { balancerOf, readListener, readRoutes, setWeights, shareOf } from '../../src/aws/listeners.ts';
import { refusal } from './support/refusal.ts';

const mock = mockClient(ElasticLoadBalancingV2Client);
afterAll(() => mock.restore());
const elb = new ElasticLoadBalancingV2Client({ region: 'eu-west-1' });
afterEach(() => mock.reset());

const forward = (...weights: [string, number][]): Action => ({
  Type: 'forward',
  Order: 2,
  ForwardConfig: {
    TargetGroups: weights.map(([TargetGroupArn, Weight]) => ({ TargetGroupArn, Weight })),
    TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 },
  },
});
const login: Action = {
  Type: 'authenticate-oidc',
  Order: 1,
  AuthenticateOidcConfig: {
    Issuer: 'https://id.example',
    AuthorizationEndpoint: 'https://id.example/a',
    TokenEndpoint: 'https://id.example/t',
    UserInfoEndpoint: 'https://id.example/u',
    ClientId: 'fleet',
  },
};

describe('a change of listener weights', () => {
  it('keeps the login action before it, the order and the stickiness, in the default action and in a rule', async () => {
    mock.on(DescribeRulesCommand).resolves({
      Rules: [
        { RuleArn: 'rule/1', Priority: '5', Actions: [{ Type: 'fixed-response' }] },
        { RuleArn: 'rule/2', Priority: '9', Actions: [forward(['blue', 100], ['green', 0])] },
        { RuleArn: 'rule/default', IsDefault: true, Actions: [login, forward(['blue', 100], ['green', 0])] },
      ],
    });
    const routes = await readRoutes(elb, 'listener/1');
    expect(routes.map(({ kind, arn }) => `${kind} ${arn}`)).toEqual(['rule rule/2', 'listener listener/1']);
    const wanted = [
      { targetGroupArn: 'green', weight: 5 },
      { targetGroupArn: 'blue', weight: 95 },
    ];
    for (const route of routes) await setWeights(elb, route, wanted);
    const moved = forward(['green', 5], ['blue', 95]);
    expect(mock.commandCalls(ModifyRuleCommand)[0]?.args[0].input).toEqual({ RuleArn: 'rule/2', Actions: [moved] });
    expect(mock.commandCalls(ModifyListenerCommand)[0]?.args[0].input).toEqual({
      ListenerArn: 'listener/1',
      // AWS never tells the secret, so a change must say that the one it has stays.
      DefaultActions: [
        { ...login, AuthenticateOidcConfig: { ...login.AuthenticateOidcConfig, UseExistingClientSecret: true } },
        moved,
      ],
    });
  });

  it('ends target group stickiness in the same call on request', async () => {
    const plain = forward(['blue', 100], ['green', 0]);
    delete plain.ForwardConfig?.TargetGroupStickinessConfig;
    mock.on(DescribeRulesCommand).resolves({
      Rules: [
        { RuleArn: 'rule/2', Priority: '9', Actions: [plain] },
        { RuleArn: 'rule/default', IsDefault: true, Actions: [forward(['blue', 100], ['green', 0])] },
      ],
    });
    const routes = await readRoutes(elb, 'listener/1');
    expect(routes.map((route) => route.stickySeconds)).toEqual([undefined, 60]);
    for (const route of routes)
      await setWeights(elb, route, [{ targetGroupArn: 'green', weight: 100 }], { unstick: true });
    const TargetGroups = [{ TargetGroupArn: 'green', Weight: 100 }];
    expect(mock.commandCalls(ModifyRuleCommand)[0]?.args[0].input.Actions?.[0]?.ForwardConfig).toEqual({
      TargetGroups,
    });
    expect(mock.commandCalls(ModifyListenerCommand)[0]?.args[0].input.DefaultActions?.[0]?.ForwardConfig).toEqual({
      TargetGroups,
      TargetGroupStickinessConfig: { Enabled: false },
    });
  });

  it('reads a share of the requests', () => {
    const weights = (...list: number[]) => list.map((weight, index) => ({ targetGroupArn: `t${index}`, weight }));
    expect(shareOf(weights(0), 't0')).toBe(1);
    expect(shareOf(weights(0), 't1')).toBe(0);
    expect(shareOf(weights(1, 3), 't1')).toBe(0.75);
    expect(shareOf(weights(0, 0), 't0')).toBe(0);
  });
});

describe('the listener of a load balancer', () => {
  const found = { LoadBalancerArn: 'lb/1', DNSName: 'api.elb.example' };
  const Listeners = [
    { ListenerArn: 'listener/http', Port: 80, Protocol: 'HTTP' as const, DefaultActions: [forward(['tg/a', 3])] },
    { ListenerArn: 'listener/tls', Port: 443, Protocol: 'HTTPS' as const },
  ];

  it('is found by its port, with the address for its protocol and its target groups', async () => {
    mock.on(DescribeLoadBalancersCommand, { Names: ['api'] }).resolves({ LoadBalancers: [found] });
    mock.on(DescribeListenersCommand, { LoadBalancerArn: 'lb/1' }).resolves({ Listeners });
    expect(await readListener(elb, 'api', 80)).toEqual({
      arn: 'listener/http',
      url: 'http://api.elb.example:80',
      weights: [{ targetGroupArn: 'tg/a', weight: 3 }],
    });
    expect(await readListener(elb, 'api', 443)).toEqual({
      arn: 'listener/tls',
      url: 'https://api.elb.example:443',
      weights: [],
    });
  });

  it('is named when it or its load balancer is missing, with the command that creates it', async () => {
    mock.on(DescribeLoadBalancersCommand, { Names: ['api'] }).resolves({ LoadBalancers: [found] });
    mock.on(DescribeLoadBalancersCommand, { Names: ['shop'] }).rejects(refusal('LoadBalancerNotFound'));
    mock.on(DescribeListenersCommand).resolves({ Listeners });
    await expect(readListener(elb, 'api', 8080)).rejects.toMatchObject({
      code: 'listener.missing',
      message: expect.stringMatching(/^load balancer api has no listener on port 8080: it listens on \d+/),
      fix: expect.stringContaining('pipeline local up'),
    });
    await expect(readListener(elb, 'shop', 80)).rejects.toMatchObject({
      code: 'balancer.missing',
      message: 'there is no load balancer shop',
    });
  });

  it('without read permission is not reported as missing', async () => {
    mock.on(DescribeLoadBalancersCommand).rejects(refusal('AccessDenied'));
    await expect(readListener(elb, 'api', 80)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('has the load balancer that it belongs to', () => {
    const arn = (kind: string) => `arn:aws:elasticloadbalancing:eu-west-1:0:${kind}`;
    expect(balancerOf(arn('listener/app/api/50dc/f2f7'))).toBe(arn('loadbalancer/app/api/50dc'));
  });
});
