import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import type { CloudContext } from '../../src/context.ts';
import { createEc2Service, ensureBaseImage } from '../../src/ec2/service.ts';
import { SimulatedDriver } from '../../src/machines/simulated-driver.ts';
import { type CloudState, emptyState } from '../../src/model.ts';
import { homeRegion } from '../../src/regions.ts';
import { account, delayProfiles } from '../../src/settings.ts';
import type { CallContext } from '../../src/wire/handler.ts';

/** What the simulated machines take, in milliseconds of the manual clock. */
export const times = { create: 30, boot: 20, shutdown: 50, snapshot: 200 };

export const delays = delayProfiles.quick;

/** Longer than a launch, a stop or a termination takes. */
export const settled = 1_000;

const call: CallContext = {
  service: 'ec2',
  operation: 'test',
  region: account.region,
  accessKeyId: 'AKID',
  requestId: 'r',
};

/** EC2 on simulated machines and a manual clock, with the base image; or on the `state` of an earlier one. */
export function setUp(state: CloudState = emptyState(), more: Partial<CloudContext> = {}) {
  const clock = new ManualClock();
  const images = [account.baseImageId, ...Object.keys(state.images)];
  const driver = new SimulatedDriver({ clock, images, times });
  const reports: unknown[] = [];
  const taken = new Set(Object.values(state.instances).map((one) => one.address));
  const context: CloudContext = {
    clock,
    region: homeRegion,
    state,
    delays,
    machines: driver,
    balancer: new Proxy({} as CloudContext['balancer'], { get: () => () => Promise.resolve() }),
    changed: () => undefined,
    report: (error) => reports.push(error),
    takeAddress: () => {
      for (let host = 1; host < 255; host++) {
        const address = `127.9.16.${host}`;
        if (taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      throw new Error('no address is free');
    },
    releaseAddress: (address) => {
      if (!taken.delete(address)) throw new Error(`${address} was not taken`);
    },
    takeBalancerAddress: () => '127.9.2.1',
    ...more,
  };
  ensureBaseImage(context);
  const ec2 = createEc2Service(context);
  ec2.start();
  // biome-ignore lint/suspicious/noExplicitAny: answers are as varied as operations
  const send = async (operation: string, input: object = {}): Promise<any> => {
    const handler = ec2.handlers[operation];
    if (!handler) throw new Error(`no operation ${operation}`);
    return handler(input, { ...call, operation });
  };
  return {
    clock,
    driver,
    context,
    state,
    reports,
    taken,
    ec2,
    send,
    /** Code of the refusal of a call; fails when the call succeeds. */
    async code(operation: string, input: object = {}): Promise<string> {
      const answer = await send(operation, input).catch((error) => error);
      if (typeof answer?.code !== 'string')
        throw new Error(`${operation} was not refused: ${String(answer?.message ?? JSON.stringify(answer))}`);
      return answer.code;
    },
    /** Launches from the base image and waits until the machines run. */
    async run(count = 1, more: object = {}): Promise<string[]> {
      const input = { ImageId: account.baseImageId, MinCount: count, MaxCount: count, ...more };
      const { Instances } = await send('RunInstances', input);
      await clock.advance(settled * Math.ceil(count / 4));
      return Instances.map((one: { InstanceId: string }) => one.InstanceId);
    },
    async instance(id: string) {
      return (await send('DescribeInstances', { InstanceIds: [id] })).Reservations[0].Instances[0];
    },
    async stateOf(id: string): Promise<string> {
      return (await this.instance(id)).State.Name;
    },
    async image(id: string) {
      return (await send('DescribeImages', { ImageIds: [id] })).Images[0];
    },
  };
}
