import {
  CreateImageCommand,
  CreateTagsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { vcpusOf } from '../../aws/capacity.ts';
import { awsCode } from '../../aws/errors.ts';
import { groupMachines } from '../../aws/instances.ts';
import { observeFleet } from '../../steps/support/observe.ts';
import { error, type Finding, type Look, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** Targets of one target group (AWS). Two generations of a fleet are there while it rolls. */
const maxTargets = 1000;

/** Who we are, what we may do, and whether twice the fleet fits: that is what a roll needs. */
export function accountLooks(services: DoctorServices): Look[] {
  const { fleet } = services;
  return [
    {
      id: 'account.identity',
      run: async () => {
        const { account, arn } = await services.identity();
        return [ok('account.identity', `${arn} in account ${account}, region ${fleet.region}`)];
      },
    },
    { id: 'account.permissions', run: () => permissions(services) },
    { id: 'account.quota', run: () => quota(services) },
    {
      id: 'account.targets',
      run: async () => [
        2 * fleet.capacity.max <= maxTargets
          ? ok('account.targets', `twice the largest fleet (${2 * fleet.capacity.max}) fits into a target group`)
          : warning(
              'account.targets',
              `a roll of the largest fleet has ${2 * fleet.capacity.max} targets, and a target group takes ${maxTargets}`,
              'lower capacity.max, or release.refresh.maxHealthyPercentage',
            ),
      ],
    },
  ];
}

/** Asks EC2 whether the calls that change something would be allowed, without making them. */
async function permissions(services: DoctorServices): Promise<Finding[]> {
  const { aws } = services;
  const { facts } = await observeFleet(services);
  const [machine] = await groupMachines(aws.ec2, facts.group);
  const { templateId: LaunchTemplateId, templateVersion: Version } = facts.current;
  const calls: [string, () => Promise<unknown>][] = [
    [
      'RunInstances',
      () =>
        aws.ec2.send(
          new RunInstancesCommand({
            DryRun: true,
            MinCount: 1,
            MaxCount: 1,
            LaunchTemplate: { LaunchTemplateId, Version },
          }),
        ),
    ],
  ];
  if (machine) {
    const id = machine.id;
    calls.push(
      ['CreateImage', () => aws.ec2.send(new CreateImageCommand({ DryRun: true, InstanceId: id, Name: 'doctor' }))],
      [
        'CreateTags',
        () => aws.ec2.send(new CreateTagsCommand({ DryRun: true, Resources: [id], Tags: [{ Key: 'a', Value: 'b' }] })),
      ],
      ['TerminateInstances', () => aws.ec2.send(new TerminateInstancesCommand({ DryRun: true, InstanceIds: [id] }))],
    );
  }
  const refused: string[] = [];
  await Promise.all(
    calls.map(async ([name, call]) => {
      try {
        await call();
      } catch (reason) {
        const code = awsCode(reason);
        if (code !== 'DryRunOperation') refused.push(`${name} (${code})`);
      }
    }),
  );
  if (refused.length === 0)
    return [ok('account.permissions', `${calls.map(([name]) => name).join(', ')} would be allowed`)];
  return [
    error(
      'account.permissions',
      `not allowed: ${refused.join(', ')}`,
      'take the deploy role of the infrastructure, or add what is missing to yours',
    ),
  ];
}

async function quota(services: DoctorServices): Promise<Finding[]> {
  const { aws, fleet } = services;
  const vcpus = await vcpusOf(aws.ec2, fleet.instance.type);
  let limit: number | undefined;
  try {
    limit = await services.vcpuQuota();
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    return [
      warning('account.quota', `the quota of vCPUs could not be read: ${why}`, 'allow servicequotas:GetServiceQuota'),
    ];
  }
  if (vcpus === undefined || limit === undefined) return [ok('account.quota', 'there is no quota of vCPUs to keep to')];
  const needed = 2 * fleet.capacity.max * vcpus;
  if (needed <= limit) return [ok('account.quota', `twice the largest fleet needs ${needed} of ${limit} vCPUs`)];
  return [
    warning(
      'account.quota',
      `a roll of the largest fleet needs ${needed} vCPUs, and the account may run ${limit}`,
      'ask for more in Service Quotas (Running On-Demand Standard instances), some days before you need it',
    ),
  ];
}
