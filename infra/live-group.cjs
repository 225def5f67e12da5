// Runs in a Lambda function of the fleet's stack, whenever a deploy is about to change a group (infra/live-groups.ts): tells
// CloudFormation what the group has now, so that the deploy sends exactly that. In the Node runtime of Lambda the SDK is there.
const { AutoScalingClient, DescribeAutoScalingGroupsCommand } = require('@aws-sdk/client-auto-scaling');
const { DescribeLaunchTemplatesCommand, EC2Client } = require('@aws-sdk/client-ec2');

/** What the group launches from, as a number, and its minimum; for one that is not there yet the template's default and 0. */
async function live({ GroupName, LaunchTemplateId }) {
  const { AutoScalingGroups } = await new AutoScalingClient({}).send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [GroupName] }),
  );
  const group = AutoScalingGroups?.[0];
  const own = group?.LaunchTemplate?.LaunchTemplateId === LaunchTemplateId ? group.LaunchTemplate.Version : undefined;
  return {
    Version: /^[0-9]+$/.test(own ?? '') ? own : await numberOf(LaunchTemplateId, own),
    MinSize: String(group?.MinSize ?? 0),
  };
}

async function numberOf(templateId, name) {
  const { LaunchTemplates } = await new EC2Client({}).send(
    new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [templateId] }),
  );
  const { DefaultVersionNumber, LatestVersionNumber } = LaunchTemplates[0];
  return String(name === '$Latest' ? LatestVersionNumber : DefaultVersionNumber);
}

exports.handler = async (event) => {
  const { RequestType, ResponseURL, ResourceProperties, StackId, RequestId, LogicalResourceId } = event;
  const PhysicalResourceId = event.PhysicalResourceId ?? `live-${ResourceProperties.GroupName}`;
  const answer = { Status: 'SUCCESS', StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  try {
    if (RequestType !== 'Delete') answer.Data = await live(ResourceProperties);
  } catch (error) {
    // Never a guess: a wrong answer here would change what serves.
    answer.Status = 'FAILED';
    answer.Reason = `${ResourceProperties.GroupName} could not be read: ${error.message}`;
  }
  // The address is signed for an empty content type.
  const sent = await fetch(ResponseURL, {
    method: 'PUT',
    headers: { 'content-type': '' },
    body: JSON.stringify(answer),
  });
  if (!sent.ok) throw new Error(`CloudFormation refused the answer: ${sent.status}`);
};
