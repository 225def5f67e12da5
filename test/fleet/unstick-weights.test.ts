import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  ModifyListenerCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { until, withinAMinute } from '@golden-pipeline/shared/testing/until';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { World, webServer } from '../../packages/local-cloud/test/behaviour/support.ts';
import { get } from '../../packages/local-cloud/test/elb/support/real.ts';
import { readRoutes } from '../../src/aws/listeners.ts';
import type { ContextWith, Services } from '../../src/fleet/services.ts';
import { readStickiness, shareTraffic } from '../../src/fleet/traffic-groups.ts';

// On a real balancer before real instances: what a client with a cookie gets is what counts.
let world: World;
let listenerArn: string;
let url: string;
let blue: { group: string; targetGroupArn: string };
let green: typeof blue;
/** Who answers, by address. */
const groups = new Map<string, string>();

const quickCheck = { HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 };

async function fleetGroup(group: string): Promise<typeof blue> {
  const targetGroupArn = await world.targetGroup(quickCheck);
  const id = await world.running({ UserData: webServer });
  await world.elb.send(new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: [{ Id: id }] }));
  groups.set((await world.instance(id)).PrivateIpAddress ?? '', group);
  return { group, targetGroupArn };
}

beforeAll(async () => {
  world = await World.start({ driver: 'sandbox' });
  [blue, green] = await Promise.all([fleetGroup('blue'), fleetGroup('green')]);
  listenerArn = await world.listener(blue.targetGroupArn);
  await split(50, 50, false);
  const { Listeners } = await world.elb.send(new DescribeListenersCommand({ ListenerArns: [listenerArn] }));
  const LoadBalancerArns = [Listeners?.[0]?.LoadBalancerArn ?? ''];
  const { LoadBalancers } = await world.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns }));
  url = `http://${LoadBalancers?.[0]?.DNSName}:8000/`;
  // Until it is provisioned nothing listens there.
  const whole = async () => (await seenBy('').catch(() => [])).join() === 'blue,green';
  await until(whole, Boolean, withinAMinute);
}, 60_000);
afterEach(() => stick(false));
afterAll(() => world?.close());

/** Weights of both groups, set as a person does. */
async function split(toBlue: number, toGreen: number, sticky: boolean): Promise<void> {
  const TargetGroups = [
    { TargetGroupArn: blue.targetGroupArn, Weight: toBlue },
    { TargetGroupArn: green.targetGroupArn, Weight: toGreen },
  ];
  const TargetGroupStickinessConfig = sticky ? { Enabled: true, DurationSeconds: 3600 } : { Enabled: false };
  await world.elb.send(
    new ModifyListenerCommand({
      ListenerArn: listenerArn,
      DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups, TargetGroupStickinessConfig } }],
    }),
  );
}

/** Lets clients stay with their targets, too. */
async function stick(on: boolean): Promise<void> {
  for (const { targetGroupArn } of [blue, green]) {
    const Attributes = [{ Key: 'stickiness.enabled', Value: `${on}` }];
    await world.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: targetGroupArn, Attributes }));
  }
}
const targetsStick = async () => {
  const read = ({ targetGroupArn: TargetGroupArn }: typeof blue) =>
    world.elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
  const all = await Promise.all([blue, green].map(read));
  return all.map(({ Attributes }) => Attributes?.find((one) => one.Key === 'stickiness.enabled')?.Value);
};

/** A new client: its cookies, and who has answered it. */
async function client(): Promise<{ cookie: string; by: string | undefined }> {
  const answer = await get(url);
  const cookie = [answer.headers['set-cookie'] ?? []]
    .flat()
    .map((one) => one.split(';')[0])
    .join('; ');
  return { cookie, by: groups.get(answer.text) };
}
/** Who answers a client, asked so often that chance would show. */
async function seenBy(cookie: string): Promise<(string | undefined)[]> {
  const seen = new Set<string | undefined>();
  for (let n = 0; n < 16; n++) seen.add(groups.get((await get(url, cookie ? { cookie } : {})).text));
  return [...seen].sort();
}

/** A context of a step, with what it notes and changes. */
function step(elb = world.elb) {
  const notes: string[] = [];
  const changes: string[] = [];
  const services = { fleet: { balancer: { validationHeader: 'x-check' } }, aws: { elb } } as Services;
  const change: ContextWith<{ listenerArn: string }>['change'] = async ({ action }, apply) => {
    changes.push(action);
    return apply('token');
  };
  const context = { services, note: (text: string) => notes.push(text), change } as unknown as ContextWith<{
    listenerArn: string;
  }>;
  return { context, notes, changes, services };
}

describe('a client that stickiness keeps on the bad fleet group', () => {
  it.each([
    ['', false, ['set-weights']],
    [', and on its target', true, ['set-weights', 'unstick-targets', 'unstick-targets', 'set-weights']],
  ])(
    'is moved by a rollback%s',
    async (_also, targets, expected) => {
      await split(0, 100, true);
      if (targets) await stick(true);
      const { cookie, by } = await client();
      expect(by).toBe('green');
      expect(cookie).toContain('AWSALBTG=');
      const { context, notes, changes, services } = step();
      // Weights alone leave it where it is: what a release does.
      await shareTraffic(context, listenerArn, blue, green, 100);
      expect(await seenBy(cookie)).toEqual(['green']);
      expect(await seenBy('')).toEqual(['blue']);
      expect(await readStickiness(services, listenerArn, [blue, green])).toBe(3600);

      changes.length = 0;
      await shareTraffic(context, listenerArn, blue, green, 100, { unstick: true });
      expect(await seenBy(cookie)).toEqual(['blue']);
      expect(changes).toEqual(expected);
      expect(notes.at(-1)).toContain('would have kept clients on green for up to 3600 s');
      expect(await targetsStick()).toEqual(['false', 'false']);
      expect(await readStickiness(services, listenerArn, [blue, green])).toBeUndefined();
    },
    30_000,
  );

  it('stays, which is reported, when target group stickiness cannot be ended, and all others are moved', async () => {
    await split(0, 100, true);
    await stick(true);
    const { cookie } = await client();
    world.cloud.faults.add({
      kind: 'error',
      operation: 'ModifyTargetGroupAttributes',
      code: 'AccessDenied',
      status: 403,
    });
    const { context, notes } = step();
    await shareTraffic(context, listenerArn, blue, green, 100, { unstick: true });
    world.cloud.faults.clear();
    expect(await seenBy('')).toEqual(['blue']);
    expect(await seenBy(cookie)).toEqual(['green']);
    expect(notes[0]).toContain('stickiness to targets could not be ended');
    expect(notes.at(-1)).toBe('stickiness to target groups keeps clients on green for up to 3600 s more');
    const [route] = await readRoutes(world.elb, listenerArn);
    expect(route).toMatchObject({ stickySeconds: 3600 });
  }, 30_000);
});
