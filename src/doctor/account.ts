import { CreateImageCommand, CreateTagsCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { messageOf } from '@golden-pipeline/shared/errors';
import { awsCode } from '../aws/errors.ts';
import { groupInstances } from '../aws/instances.ts';
import { tryLaunch } from '../aws/launches.ts';
import { tagKeys, toTags } from '../aws/tags.ts';
import { vcpusOf } from '../aws/vcpus.ts';
import { observeFleet } from '../fleet/observe.ts';
import { type Check, error, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** Targets of one target group (AWS). Two generations of a fleet are there while it rolls. */
const maxTargets = 1000;

/** Whether twice the fleet fits: that is what a roll needs. */
export function accountChecks(services: DoctorServices): Check[] {
  const { fleet } = services;
  return [
    { id: 'account.quota', run: () => quota(services) },
    { id: 'account.units', run: () => units(services) },
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

/** What we may do. */
export function permissionChecks(services: DoctorServices): Check[] {
  return [{ id: 'account.permissions', run: () => permissions(services) }];
}

/** Asks EC2 whether the calls that change something would be allowed, without making them. */
async function permissions(services: DoctorServices): Promise<Finding[]> {
  const { aws, fleet } = services;
  const { facts } = await observeFleet(services);
  const [instance] = await groupInstances(aws.ec2, facts.group);
  const { current } = facts;
  // Without these tags the deploy role may neither launch nor bake.
  const own = { [tagKeys.app]: fleet.app, [tagKeys.environment]: fleet.environment };
  const calls: [string, () => Promise<unknown>][] = [
    [
      'RunInstances',
      () =>
        tryLaunch(aws.ec2, {
          template: { id: current.templateId, version: current.templateVersion },
          network: current.network,
          tags: own,
        }),
    ],
  ];
  if (instance) {
    const id = instance.id;
    const TagSpecifications = (['image', 'snapshot'] as const).map((ResourceType) => ({
      ResourceType,
      Tags: toTags(own),
    }));
    calls.push(
      [
        'CreateImage',
        () => aws.ec2.send(new CreateImageCommand({ DryRun: true, InstanceId: id, Name: 'doctor', TagSpecifications })),
      ],
      [
        'CreateTags',
        () => aws.ec2.send(new CreateTagsCommand({ DryRun: true, Resources: [id], Tags: [{ Key: 'a', Value: 'b' }] })),
      ],
      ['TerminateInstances', () => aws.ec2.send(new TerminateInstancesCommand({ DryRun: true, InstanceIds: [id] }))],
    );
  }
  const denied: string[] = [];
  const failing: string[] = [];
  await Promise.all(
    calls.map(async ([name, call]) => {
      try {
        await call();
      } catch (reason) {
        const code = awsCode(reason) ?? 'Unknown';
        if (code === 'DryRunOperation') return;
        if (/Unauthorized|AccessDenied/.test(code)) denied.push(`${name} (${code})`);
        else failing.push(reason instanceof Error ? reason.message : `${name} (${code})`);
      }
    }),
  );
  const findings: Finding[] = [];
  if (denied.length > 0) {
    findings.push(
      error(
        'account.permissions',
        `not allowed: ${denied.join(', ')}`,
        'use the deploy role of the infrastructure, or add what is missing to yours',
      ),
    );
  }
  // Allowed or not, a release would fail there.
  for (const message of failing) {
    findings.push(
      error(
        'account.permissions',
        message,
        'correct the setting that the message names, in the launch template or the Auto Scaling group',
      ),
    );
  }
  if (findings.length > 0) return findings;
  return [ok('account.permissions', `${calls.map(([name]) => name).join(', ')} would be allowed`)];
}

async function quota(services: DoctorServices): Promise<Finding[]> {
  const { aws, fleet } = services;
  const vcpus = await vcpusOf(aws.ec2, fleet.instance.type);
  let limit: number | undefined;
  try {
    limit = await services.vcpuQuota();
  } catch (reason) {
    const why = messageOf(reason);
    return [unreadQuota(fleet, 'account.quota', `the quota of vCPUs could not be read: ${why}`)];
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

/** A quota is one of the account in a region, whichever fleet asks for it. */
function unreadQuota({ cloud, region }: DoctorServices['fleet'], id: string, message: string): Finding {
  return {
    ...warning(id, message, 'allow servicequotas:GetServiceQuota'),
    cause: `${id} ${cloud} ${region} ${message}`,
  };
}

/** Capacity units are requested days before an event: the quota of a new account is 0. */
async function units({ fleet, ...services }: DoctorServices): Promise<Finding[]> {
  const wanted = fleet.scale.reservedCapacityUnits;
  if (wanted === undefined) return [];
  let limit: number | undefined;
  try {
    limit = await services.unitQuota?.();
  } catch (reason) {
    const why = messageOf(reason);
    return [unreadQuota(fleet, 'account.units', `the quota of reserved capacity units could not be read: ${why}`)];
  }
  if (limit === undefined) return [ok('account.units', 'there is no quota of capacity units to keep to')];
  if (wanted <= limit)
    return [ok('account.units', `${wanted} capacity units of the load balancer fit into the quota of the region`)];
  return [
    warning(
      'account.units',
      `an event reserves ${wanted} capacity units, and the load balancers of the region may reserve ${limit}`,
      'ask for more in Service Quotas (Reserved Application Load Balancer Capacity Units per Region), some days before you need it',
    ),
  ];
}
