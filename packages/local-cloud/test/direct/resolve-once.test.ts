import { DescribeImagesCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DirectCloud, startDirectCloud } from '../../src/direct/start-direct-cloud.ts';
import { account } from '../../src/settings.ts';

let cloud: DirectCloud;
let ec2: EC2Client;
/** Commands that the client's middleware was put together for. */
let resolved: string[];
/** Calls that went through it. */
let calls: string[];

beforeEach(async () => {
  cloud = await startDirectCloud({ clock: new VirtualClock() });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  ec2 = cloud.connect(new EC2Client({ region: account.region, credentials }));
  resolved = [];
  calls = [];
  watch('first');
});
afterEach(() => cloud.close());

function watch(name: string): void {
  ec2.middlewareStack.add(
    (next, { commandName }) => {
      resolved.push(`${name} ${commandName}`);
      return (args) => {
        calls.push(`${name} ${commandName}`);
        return next(args);
      };
    },
    { step: 'initialize', name },
  );
}

it('the middleware of a client is put together once for each command', async () => {
  for (const _ of [1, 2]) await ec2.send(new DescribeInstancesCommand({}));
  await ec2.send(new DescribeImagesCommand({}), { abortSignal: new AbortController().signal });
  await ec2.send(new DescribeImagesCommand({}), { abortSignal: new AbortController().signal });
  expect(resolved).toEqual(['first DescribeInstancesCommand', 'first DescribeImagesCommand']);
  expect(calls).toHaveLength(4);
});

it('each call has its own input', async () => {
  const names = async (id: string) =>
    (await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }))).Images?.map(({ ImageId }) => ImageId);
  expect(await names(account.baseImageId)).toEqual([account.baseImageId]);
  await expect(names('ami-0123456789abcdef0')).rejects.toThrow('ami-0123456789abcdef0');
});

it('middleware that is added or removed later counts from the next call', async () => {
  await ec2.send(new DescribeInstancesCommand({}));
  watch('second');
  await ec2.send(new DescribeInstancesCommand({}));
  ec2.middlewareStack.remove('first');
  await ec2.send(new DescribeInstancesCommand({}));
  const [first, second] = ['first DescribeInstancesCommand', 'second DescribeInstancesCommand'];
  expect(calls).toEqual([first, first, second, second]);
});

it('a callback is called with the answer', async () => {
  const answer = await new Promise((resolve, reject) =>
    ec2.send(new DescribeInstancesCommand({}), (error: unknown, output: unknown) =>
      error ? reject(error) : resolve(output),
    ),
  );
  expect(answer).toMatchObject({ Reservations: [] });
});
