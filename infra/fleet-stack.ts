import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { AccountPrincipal, ArnPrincipal, CompositePrincipal, PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { defineFleet } from '../src/aws/fleet-definition.ts';
import type { Fleet } from '../src/config/settings.ts';
import { createAlarms } from './alarms.ts';
import { createBalancer } from './balancer.ts';
import { ciPrincipals, ciSession } from './ci-trust.ts';
import { deployPolicy } from './deploy-policy.ts';
import { createInstances } from './instances.ts';
import { LiveFleet } from './live-fleet.ts';
import type { Network } from './network.ts';

/** Found by the load balancer's name, as not every version of CloudFormation accepts tags for them. */
const excludeResourceTypes = ['AWS::ElasticLoadBalancingV2::Listener', 'AWS::ElasticLoadBalancingV2::ListenerRule'];

/** The resources that `pipeline release` expects for one app in one environment, with the names that it looks for. */
export class FleetStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { fleet: Fleet; network: Network }) {
    // `cdk destroy` would delete the group before it fails at the protected load balancer.
    super(scope, id, { ...props, terminationProtection: true });
    const { fleet, network } = props;
    const definition = defineFleet(fleet);
    for (const [key, value] of Object.entries(definition.tags)) Tags.of(this).add(key, value, { excludeResourceTypes });
    const live = new LiveFleet(this, 'Live', fleet);
    const balancer = createBalancer(this, fleet, definition, network, live);
    const { role } = createInstances(this, fleet, definition, network, balancer, live);
    createAlarms(this, fleet, definition, balancer);
    const deploy = this.deployRole(fleet, role.roleArn);
    const scheme = fleet.infrastructure.certificateArn ? 'https' : 'http';
    new CfnOutput(this, 'Url', { value: `${scheme}://${balancer.loadBalancer.attrDnsName}` });
    new CfnOutput(this, 'DeployRoleArn', { value: deploy.roleArn });
  }

  /** The role that a user or a CI job assumes to release this fleet. */
  private deployRole(fleet: Fleet, instanceRoleArn: string): Role {
    const { partition, region, account } = this;
    const named = fleet.infrastructure.deployPrincipals.map((arn) => new ArnPrincipal(arn));
    const people = named.length > 0 ? named : [new AccountPrincipal(account)];
    const jobs = ciPrincipals(fleet, { partition, account });
    return new Role(this, 'DeployRole', {
      roleName: `${fleet.names.group}-deploy`,
      description: `Releases ${fleet.app} in ${fleet.environment}`,
      assumedBy: new CompositePrincipal(...people, ...jobs),
      ...(jobs.length > 0 && { maxSessionDuration: ciSession }),
      inlinePolicies: {
        release: PolicyDocument.fromJson({
          Version: '2012-10-17',
          Statement: deployPolicy(fleet, { partition, region, account, instanceRoleArn }),
        }),
      },
    });
  }
}
