// Runs in a Lambda function of the fleet's stack while a deploy is about to change groups or routes (infra/live-fleet.ts), and
// answers from what is live. In the Node runtime of Lambda the SDK is there.
const { AutoScalingClient, DescribeAutoScalingGroupsCommand } = require('@aws-sdk/client-auto-scaling');
const { DescribeLaunchTemplatesCommand, EC2Client } = require('@aws-sdk/client-ec2');
const { ElasticLoadBalancingV2Client, paginateDescribeRules } = require('@aws-sdk/client-elastic-load-balancing-v2');

const questions = {
  /** What the group launches from, as a number, and its minimum; for one that is not there yet the template's default and 0. */
  async 'Custom::LiveGroup'({ GroupName, LaunchTemplateId }) {
    const { AutoScalingGroups } = await new AutoScalingClient({}).send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [GroupName] }),
    );
    const group = AutoScalingGroups?.[0];
    const { LaunchTemplateId: from, Version = '$Default' } = group?.LaunchTemplate ?? {};
    const version = from === LaunchTemplateId ? Version : '$Default';
    return {
      Version: /^[0-9]+$/.test(version) ? version : await numberOf(LaunchTemplateId, version),
      MinSize: String(group?.MinSize ?? 0),
    };
  },

  /** Refuses a deploy that removes a target group which still receives traffic. A rollback of the deploy brings one back, and is never refused. */
  async 'Custom::Traffic'({ ListenerArn, TargetGroups }, before) {
    const gone = (before?.TargetGroups ?? []).filter((arn) => !TargetGroups.includes(arn));
    if (gone.length === 0) return {};
    for await (const { Rules } of paginateDescribeRules(
      { client: new ElasticLoadBalancingV2Client({}) },
      { ListenerArn },
    )) {
      for (const { TargetGroupArn, Weight } of Rules.flatMap(weights)) {
        if (Weight > 0 && gone.includes(TargetGroupArn)) {
          throw new Error(
            `${TargetGroupArn} still receives traffic: shift all traffic to the other group, then deploy again`,
          );
        }
      }
    }
    return {};
  },
};

async function numberOf(templateId, name) {
  const { LaunchTemplates } = await new EC2Client({}).send(
    new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [templateId] }),
  );
  const { DefaultVersionNumber, LatestVersionNumber } = LaunchTemplates[0];
  return String(name === '$Latest' ? LatestVersionNumber : DefaultVersionNumber);
}

function weights({ Actions = [] }) {
  return Actions.flatMap(
    ({ ForwardConfig, TargetGroupArn }) =>
      ForwardConfig?.TargetGroups ?? (TargetGroupArn ? [{ TargetGroupArn, Weight: 1 }] : []),
  );
}

exports.handler = async (event) => {
  const { RequestType, ResourceType, ResponseURL, StackId, RequestId, LogicalResourceId } = event;
  const PhysicalResourceId = event.PhysicalResourceId ?? LogicalResourceId;
  const answer = { Status: 'SUCCESS', StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  try {
    if (RequestType !== 'Delete') {
      answer.Data = await questions[ResourceType](event.ResourceProperties, event.OldResourceProperties);
    }
  } catch (error) {
    // Never a guess: a wrong answer here would change what serves.
    answer.Status = 'FAILED';
    answer.Reason = `nothing was changed: ${error.message}`;
  }
  // The address is signed for an empty content type.
  const sent = await fetch(ResponseURL, {
    method: 'PUT',
    headers: { 'content-type': '' },
    body: JSON.stringify(answer),
  });
  if (!sent.ok) throw new Error(`CloudFormation refused the answer: ${sent.status}`);
};
