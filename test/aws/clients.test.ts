import { inspect } from 'node:util';
import { DescribeAutoScalingGroupsCommand, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeImagesCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeTargetGroupsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import { type AwsClients, type AwsTarget, createClients } from '../../src/aws/clients.ts';
import { awsCode } from '../../src/aws/errors.ts';

let world: World;
const made: AwsClients[] = [];
const clients = (changes: Partial<AwsTarget> = {}) => {
  const aws = createClients({ ...world.config(), ...changes });
  made.push(aws);
  return aws;
};
openWorld(
  (opened) => {
    world = opened;
  },
  { wire: true },
);
afterAll(async () => {
  for (const client of made.flatMap((aws) => Object.values(aws))) client.destroy();
});

const failure = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a refused AWS call', () => {
  it('is reported for each service with operation, reason and a code to decide by', async () => {
    const { ec2, autoScaling, elb } = clients();
    const refusals = await Promise.all([
      failure(ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-0123456789abcdef0'] }))),
      failure(autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'gone', MinSize: 1 }))),
      failure(elb.send(new DescribeTargetGroupsCommand({ Names: ['gone'] }))),
    ]);
    for (const error of refusals) expect(error).toBeInstanceOf(PipelineError);
    expect(refusals.map(awsCode)).toEqual(['InvalidInstanceID.NotFound', 'ValidationError', 'TargetGroupNotFound']);
    expect(refusals.map((error) => (error as Error).message.split(' failed: ')[0])).toEqual([
      'DescribeInstances',
      'UpdateAutoScalingGroup',
      'DescribeTargetGroups',
    ]);
  });

  it('because of a wrong secret key says what to check, and never shows the key', async () => {
    const credentials = { ...world.place.credentials, secretAccessKey: 'not-the-right-secret' };
    const error = await failure(clients({ credentials }).ec2.send(new DescribeImagesCommand({})));
    expect(error).toMatchObject({ fix: 'check the secret access key and the clock of this computer' });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('not-the-right-secret');
  });

  it('is also reported when nothing answers', async () => {
    // Port 1 of an address that is nobody's: refused at once.
    const { ec2 } = clients({ endpoint: 'http://127.254.254.254:1' });
    const error = await failure(ec2.send(new DescribeInstancesCommand({})));
    expect(error).toBeInstanceOf(PipelineError);
    expect((error as PipelineError).message).toMatch(/^DescribeInstances failed: .*ECONNREFUSED/);
    expect((error as PipelineError).fix).toContain('endpoint');
  });
});

describe('a temporary AWS error', () => {
  it('is retried by the clients, so that no caller has to', async () => {
    const { id } = world.cloud.faults.add({ kind: 'error', code: 'ServiceUnavailable', status: 503, count: 2 });
    const { AutoScalingGroups } = await clients().autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
    expect(AutoScalingGroups).toEqual([]);
    expect(world.cloud.faults.list()).toMatchObject([{ id, hits: 2, active: false }]);
  });

  it('becomes an error when it persists', async () => {
    world.cloud.faults.add({ kind: 'error', operation: 'DescribeImages', code: 'Unavailable', status: 503 });
    const error = await failure(clients().ec2.send(new DescribeImagesCommand({})));
    expect(error).toMatchObject({
      code: 'aws.Unavailable',
      message: expect.stringMatching(/^DescribeImages failed: /),
    });
    expect(world.cloud.faults.list().at(-1)).toMatchObject({ hits: 5 });
  });
});
