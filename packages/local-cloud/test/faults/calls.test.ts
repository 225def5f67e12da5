import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateImageCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  DeleteKeyPairCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotsCommand,
  DescribeVpcsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClients } from '../../../../src/aws/clients.ts';
import { createImage } from '../../../../src/aws/create-image.ts';
import { readImage } from '../../../../src/aws/images.ts';
import { createPoll } from '../../../../src/engine/poll.ts';
import { account } from '../../src/settings.ts';
import { FaultyCloud } from './support.ts';

let f: FaultyCloud;
beforeEach(async () => {
  f = await FaultyCloud.start();
});
afterEach(async () => {
  await f.close();
  expect(f.reports).toEqual([]);
});

const last = () => f.cloud.calls.report({ limit: 1 }).calls[0];
const readVpcs = () => f.ec2.send(new DescribeVpcsCommand({}));
const status = (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode;

describe('error', () => {
  it('CLD-FLT-01 answers with the code and status asked for, for the operation alone, and is in the record', async () => {
    const fault = f.cloud.faults.add({ kind: 'error', operation: 'DescribeVpcs', code: 'Unavailable', count: 1 });
    const error = await readVpcs().catch((e) => e);
    expect([error.name, status(error)]).toEqual(['Unavailable', 503]);
    expect(last()).toMatchObject({
      ...{ operation: 'DescribeVpcs', service: 'ec2', region: 'eu-west-1', status: 503, code: 'Unavailable' },
      ...{ accessKeyId: f.cloud.credentials.accessKeyId, faults: [fault.id] },
      userAgent: expect.stringMatching(/^aws-sdk-js\//),
    });
    await readVpcs();
    expect(last()?.faults).toBeUndefined();
  });

  it("answers with each service's internal error when no code is given", async () => {
    f.cloud.faults.add({ kind: 'error' });
    expect(await readVpcs().catch((e) => [e.name, status(e)])).toEqual(['InternalError', 500]);
    const groups = f.asg.send(new DescribeAutoScalingGroupsCommand({}));
    expect(await groups.catch((e) => [e.name, status(e)])).toEqual(['InternalFailure', 500]);
  });

  it('leaves the rest of the calls alone at its rate', async () => {
    f.cloud.faults.add({ kind: 'error', rate: 0.5, message: 'unlucky' });
    f.random = 0.7;
    await readVpcs();
    f.random = 0.3;
    await expect(readVpcs()).rejects.toThrow('unlucky');
  });
});

describe('cut connections', () => {
  const key = () => f.ec2.send(new CreateKeyPairCommand({ KeyName: 'k' }));
  const count = async () => (await f.ec2.send(new DescribeKeyPairsCommand({}))).KeyPairs?.length;

  it('CLD-FLT-02 cut-before: nothing was changed', async () => {
    f.cloud.faults.add({ kind: 'cut-before', operation: 'CreateKeyPair', count: 1 });
    await expect(key()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(last()).toMatchObject({ operation: 'CreateKeyPair', status: 0, code: 'ConnectionCut', faults: ['f-1'] });
    expect(await count()).toBe(0);
    await key();
    expect(await count()).toBe(1);
  });

  it('CLD-FLT-02 cut-after: the change was made, and refusals are still told', async () => {
    f.cloud.faults.add({ kind: 'cut-after', operation: 'CreateKeyPair' });
    await expect(key()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await count()).toBe(1);
    await expect(key()).rejects.toMatchObject({ name: 'InvalidKeyPair.Duplicate' });
    expect(f.cloud.faults.list()).toMatchObject([{ hits: 1 }]);
  });

  it('an image begun by a call whose answer was lost is adopted, not baked twice', async () => {
    const [instanceId = ''] = await f.run();
    f.cloud.faults.add({ kind: 'cut-after', operation: 'CreateImage', count: 1 });
    const { ec2, ...others } = createClients(f.config());
    const tags = { 'golden-pipeline:run': 'run-1' };
    f.cloud.calls.reset();
    const id = await createImage(ec2, createPoll(f.clock), { instanceId, name: 'api-v1', description: 'd', tags });
    await f.clock.advance(5_000);
    expect(await readImage(ec2, id)).toMatchObject({ name: 'api-v1', state: 'available' });
    const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
    expect(Images?.map((one) => one.Name).sort()).toEqual(['api-v1', account.baseImageName]);
    expect(f.cloud.calls.report({ operation: 'CreateImage' }).totals).toMatchObject([
      { calls: 2, codes: { ConnectionCut: 1, 'InvalidAMIName.Duplicate': 1 } },
    ]);
    for (const client of [ec2, ...Object.values(others)]) client.destroy();
  });
});

describe('latency', () => {
  it('CLD-FLT-03 holds the call back, by the clock of the cloud', async () => {
    f.cloud.faults.add({ kind: 'latency', delayMs: 3_000, operation: 'DescribeVpcs' });
    let done = false;
    const call = readVpcs().then(() => {
      done = true;
    });
    await f.until(
      async () => f.cloud.faults.list()[0]?.hits,
      (hits) => hits === 1,
      2_000,
    );
    expect(done).toBe(false);
    await f.clock.advance(3_000);
    await call;
  });

  it('does not hold up the end of the cloud', async () => {
    f.cloud.faults.add({ kind: 'latency', delayMs: 60_000 });
    const call = expect(readVpcs()).rejects.toThrow();
    await until(() => f.cloud.faults.list()[0]?.hits);
    await f.cloud.close();
    await call;
  });
});

describe('eventual-consistency', () => {
  it('CLD-FLT-04 finds new images and snapshots only after a while, by id, by name and in lists', async () => {
    const [InstanceId = ''] = await f.run();
    const snapshots = async () => (await f.ec2.send(new DescribeSnapshotsCommand({}))).Snapshots?.length;
    const before = (await snapshots()) ?? 0;
    f.cloud.faults.add({ kind: 'eventual-consistency', delayMs: 4_000 });
    const { ImageId = '' } = await f.ec2.send(new CreateImageCommand({ InstanceId, Name: 'new', NoReboot: true }));
    const byName = async () => {
      const filter = { Filters: [{ Name: 'name', Values: ['new'] }] };
      return (await f.ec2.send(new DescribeImagesCommand(filter))).Images?.length;
    };
    const byId = () => f.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
    await expect(byId()).rejects.toMatchObject({ name: 'InvalidAMIID.NotFound' });
    expect(last()?.faults).toEqual(['f-1']);
    expect([await byName(), await snapshots()]).toEqual([0, before]);
    await f.clock.advance(4_000);
    expect([await byName(), await snapshots(), (await byId()).Images?.length]).toEqual([1, before + 1, 1]);
  });

  it('CLD-FLT-04 does so for instances, launch templates and key pairs too, but not for what was there before', async () => {
    const [old = ''] = await f.run();
    f.cloud.faults.add({ kind: 'eventual-consistency', delayMs: 4_000 });
    const range = { MinCount: 1, MaxCount: 1, ImageId: account.baseImageId };
    const { Instances } = await f.ec2.send(new RunInstancesCommand(range));
    const id = Instances?.[0]?.InstanceId ?? '';
    const list = await f.ec2.send(new DescribeInstancesCommand({}));
    expect(list.Reservations?.flatMap((one) => one.Instances?.map((i) => i.InstanceId))).toEqual([old]);
    await expect(f.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
    });
    const LaunchTemplateName = 'api';
    const LaunchTemplateData = { ImageId: account.baseImageId };
    await f.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    const readings = [
      new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['api'] }),
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName }),
    ];
    for (const reading of readings) {
      await expect(f.ec2.send(reading as DescribeLaunchTemplatesCommand)).rejects.toMatchObject({
        name: 'InvalidLaunchTemplateId.NotFound',
      });
    }
    await f.ec2.send(new CreateKeyPairCommand({ KeyName: 'k' }));
    await expect(f.ec2.send(new DescribeKeyPairsCommand({ KeyNames: ['k'] }))).rejects.toMatchObject({
      name: 'InvalidKeyPair.NotFound',
    });
    await f.ec2.send(new DeleteKeyPairCommand({ KeyName: 'k' }));
    await f.clock.advance(4_000);
    for (const reading of readings) await f.ec2.send(reading as DescribeLaunchTemplatesCommand);
  });

  it('decides once for each thing, at its rate', async () => {
    f.cloud.faults.add({ kind: 'eventual-consistency', delayMs: 4_000, rate: 0.1 });
    const names = async () => (await f.ec2.send(new DescribeKeyPairsCommand({}))).KeyPairs?.map((one) => one.KeyName);
    f.random = 0.5;
    await f.ec2.send(new CreateKeyPairCommand({ KeyName: 'lucky' }));
    expect(await names()).toEqual(['lucky']);
    f.random = 0;
    await f.ec2.send(new CreateKeyPairCommand({ KeyName: 'unlucky' }));
    expect(await names()).toEqual(['lucky']);
    expect(await names()).toEqual(['lucky']);
  });
});

describe('throttle', () => {
  it('CLD-FLT-05 refuses what is over the published limits, and nothing once it is off', async () => {
    const fault = f.cloud.faults.add({ kind: 'throttle', profile: 'published' });
    const calls = Array.from({ length: 60 }, () => f.asg.send(new DescribeAutoScalingGroupsCommand({})));
    const answers = await Promise.allSettled(calls);
    const refused = answers.flatMap((one) =>
      one.status === 'rejected' ? [[one.reason.name, status(one.reason)]] : [],
    );
    expect(refused).toEqual(Array.from({ length: 20 }, () => ['Throttling', 400]));
    await readVpcs();
    f.cloud.faults.clear(fault.id);
    await f.asg.send(new DescribeAutoScalingGroupsCommand({}));
  });

  it('CLD-FLT-05 EC2 answers 503 RequestLimitExceeded', async () => {
    f.cloud.faults.add({ kind: 'throttle', operation: 'DescribeVpcs', capacity: 1, refill: 1 });
    await readVpcs();
    expect(await readVpcs().catch((e) => [e.name, status(e)])).toEqual(['RequestLimitExceeded', 503]);
  });

  it('a client with adaptive retries gets through in the end', async () => {
    f.cloud.faults.add({ kind: 'throttle', service: 'ec2', capacity: 3, refill: 10 });
    const ec2 = new EC2Client({ ...f.config(), retryMode: 'adaptive', maxAttempts: 10 });
    let working = true;
    // The cloud's clock follows the host's here, so that its buckets fill while the client waits.
    const time = (async () => {
      while (working) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await f.clock.advance(20);
      }
    })();
    const calls = Array.from({ length: 12 }, () => ec2.send(new DescribeVpcsCommand({})));
    const answers = await Promise.allSettled(calls);
    working = false;
    await time;
    ec2.destroy();
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 'fulfilled'));
    const [total] = f.cloud.calls.report({ operation: 'DescribeVpcs' }).totals;
    expect(total?.codes.RequestLimitExceeded).toBeGreaterThan(0);
    expect(total?.calls).toBe(12 + (total?.failed ?? 0));
  });
});
