import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { eachWithCloud } from './support.ts';

const aws = '/usr/bin/aws';
const withoutCli = existsSync(aws) ? '' : " (skipped: needs Debian's awscli, npm run setup -- --with-tests)";

const visit = eachWithCloud('aws-cli');

/** Runs the client, in words that have no spaces of their own; what it prints. Fails with its complaint. */
async function run(words: string): Promise<string> {
  const { endpoint, region, credentials } = visit.cloud;
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: visit.dir,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_PAGER: '',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const argv = ['--endpoint-url', endpoint, '--output', 'text', ...words.split(/\s+/)];
  return (await execa(aws, argv, { env, extendEnv: false, cwd: visit.dir })).stdout.trim();
}

it.skipIf(withoutCli !== '')(
  `Debian's aws launches, bakes, and reads the health of a group's targets, with its waiters${withoutCli}`,
  async () => {
    const id = await run(
      `ec2 run-instances --image-id ${account.baseImageId} --count 1 --query Instances[0].InstanceId`,
    );
    expect(id).toMatch(/^i-[0-9a-f]{17}$/);
    await run(`ec2 wait instance-running --instance-ids ${id}`);
    const image = await run(`ec2 create-image --instance-id ${id} --name api-v1 --no-reboot --query ImageId`);
    const target = await run(
      `elbv2 create-target-group --name api --protocol HTTP --port 8080 --vpc-id ${account.vpcId} --query TargetGroups[0].TargetGroupArn`,
    );
    await run(`ec2 wait image-available --image-ids ${image}`);
    const template = `ImageId=${image},InstanceType=t3.micro`;
    await run(`ec2 create-launch-template --launch-template-name api --launch-template-data ${template}`);
    const sizes = '--min-size 1 --max-size 2 --desired-capacity 1';
    const subnets = Object.values(account.subnets).join(',');
    await run(
      `autoscaling create-auto-scaling-group --auto-scaling-group-name api --launch-template LaunchTemplateName=api,Version=1 ${sizes} --vpc-zone-identifier ${subnets} --target-group-arns ${target}`,
    );
    // Looked at from inside: each start of the client takes a second.
    const member = () =>
      visit.cloud.status().machines.find(({ group, state }) => group === 'api' && state === 'running');
    await expect.poll(member, { timeout: 30_000 }).toMatchObject({ imageId: image });
    expect(
      await run(
        'autoscaling describe-auto-scaling-groups --auto-scaling-group-names api --query AutoScalingGroups[0].Instances[].[InstanceId,LifecycleState]',
      ),
    ).toBe(`${member()?.id}\tInService`);
    // No load balancer has the target group, so nothing is checked.
    expect(
      await run(
        `elbv2 describe-target-health --target-group-arn ${target} --query TargetHealthDescriptions[].[Target.Id,TargetHealth.State,TargetHealth.Reason]`,
      ),
    ).toBe(`${member()?.id}\tunused\tTarget.NotInUse`);
  },
  120_000,
);
