import { readFileSync } from 'node:fs';
import { ownFile } from '@golden-pipeline/shared/own-files';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct, type IDependable } from 'constructs';
import type { Fleet } from '../src/config/settings.ts';
import { idOf } from './logical-id.ts';

/** Current values of a group during a deploy, resolved by CloudFormation. */
export interface LiveGroup {
  /** Number of the launch template's version that the group launches from. */
  version: string;
  minSize: string;
}

/**
 * Reads, during a deploy, what releases and scale-outs have changed in a fleet. The template cannot contain it:
 * CloudFormation refuses `$Default` for a group, sends every property whenever one of them changes, and reads a launch
 * template's default version only when it changes that template. A fixed number or minimum here would restore an old
 * value.
 */
export class LiveFleet extends Construct {
  readonly #answering: CfnFunction;

  constructor(scope: Construct, id: string, fleet: Fleet) {
    super(scope, id);
    const about = `${fleet.app} in ${fleet.environment}`;
    const logs = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Reads the groups and routes of ${about} during a deploy`,
      inlinePolicies: {
        read: new PolicyDocument({
          statements: [
            new PolicyStatement({
              // AWS cannot restrict them to single resources.
              actions: [
                'autoscaling:DescribeAutoScalingGroups',
                'ec2:DescribeLaunchTemplates',
                'elasticloadbalancing:DescribeRules',
              ],
              resources: ['*'],
            }),
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [logs.logGroupArn],
            }),
          ],
        }),
      },
    });
    this.#answering = new CfnFunction(this, 'Function', {
      description: `Tells a deploy what ${about} has now`,
      runtime: 'nodejs24.x',
      handler: 'index.handler',
      code: { zipFile: answerCode() },
      timeout: 30,
      role: role.roleArn,
      loggingConfig: { logGroup: logs.logGroupName },
    });
  }

  /**
   * @param properties All other properties of the group: CloudFormation reads again when one of them changes, which is
   * when it changes the group.
   * @param last Resources created before this one, so that the answer is as recent as possible and the function's role
   * has propagated.
   */
  group(name: string, launchTemplateId: string, properties: object, last: IDependable): LiveGroup {
    const live = this.#ask(idOf('Group', name), 'Custom::LiveGroup', {
      GroupName: name,
      LaunchTemplateId: launchTemplateId,
      Group: properties,
    });
    live.node.addDependency(last);
    return { version: live.getAttString('Version'), minSize: live.getAttString('MinSize') };
  }

  /** Dependents are changed only when no removed target group receives requests. */
  traffic(listenerArn: string, targetGroupArns: string[]): Construct {
    return this.#ask('Traffic', 'Custom::Traffic', { ListenerArn: listenerArn, TargetGroups: targetGroupArns });
  }

  #ask(id: string, resourceType: string, properties: Record<string, unknown>): CustomResource {
    return new CustomResource(this, id, {
      resourceType,
      serviceToken: this.#answering.attrArn,
      serviceTimeout: Duration.minutes(5),
      properties,
    });
  }
}

/** The code of the function, which runs in Lambda and not here. */
function answerCode(): string {
  const file = ownFile(['infra/live-fleet.cjs']);
  if (file === undefined) throw new Error('no infra/live-fleet.cjs: the installation is incomplete');
  return readFileSync(file, 'utf8');
}
