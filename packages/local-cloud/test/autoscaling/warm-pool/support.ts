import { type Fixture, setUp } from '../support.ts';

/** A group of two, of at most five, with a warm pool. */
export async function pooled(more: object = {}): Promise<Fixture> {
  const f = setUp();
  await f.create({ DesiredCapacity: 2, MaxSize: 5 });
  await f.send('PutWarmPool', { AutoScalingGroupName: 'api', ...more });
  await f.cloud.clock.advance(10_000);
  return f;
}

export const desire = (f: Fixture, DesiredCapacity: number) =>
  f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity });
